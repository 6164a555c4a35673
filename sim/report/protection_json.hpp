// SPDX-License-Identifier: Apache-2.0
// What the mitigations of the weight memory did on one chip, as JSON.
#pragma once

#include <nlohmann/json.hpp>

#include "sim/memory/mitigations.hpp"
#include "sim/mitigation/repair.hpp"
#include "sim/weights/protected_reader.hpp"

namespace brownout::report {

/// Adds the counts that belong to the mitigations in use.
template <typename Json>
void put_protection(Json& json, const memory::Mitigations& mitigations,
                    const weights::ProtectionStats& protection,
                    const mitigation::RepairStats& repair) {
  if (mitigations.check != memory::CheckCode::kNone) {
    json["words"] = protection.words;
    json["check_cells_hit"] = protection.check_cells_hit;
    json["words_corrected"] = protection.corrected;
    json["words_detected"] = protection.detected;
    json["words_undetected"] = protection.undetected;
  }
  if (mitigations.spare_rows > 0 || mitigations.spare_columns > 0) {
    json["rows_replaced"] = repair.rows_replaced;
    json["columns_replaced"] = repair.columns_replaced;
  }
  if (!mitigations.sensitivity.empty()) {
    json["arrays_moved"] = repair.arrays_moved;
    json["arrays_rotated"] = repair.arrays_rotated;
  }
}

}  // namespace brownout::report
