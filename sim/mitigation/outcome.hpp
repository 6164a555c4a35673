// SPDX-License-Identifier: Apache-2.0
// What the mitigations of the weight memory did on one chip.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sim/mitigation/mitigations.hpp"

namespace brownout::mitigation {

/// What the check code did to the words that hold codes, each of which is read once a load.
struct ProtectionStats {
  std::int64_t words = 0;            // read
  std::int64_t check_cells_hit = 0;  // faulty cells among their check bits
  std::int64_t corrected = 0;        // and right again
  std::int64_t detected = 0;         // with suspect bits
  std::int64_t undetected = 0;       // taken for clean or corrected, and wrong
};

/// What the repair did on one chip.
struct RepairStats {
  std::int64_t rows_replaced = 0, columns_replaced = 0;
  std::int64_t arrays_moved = 0, arrays_rotated = 0;
  /// Mean of max(p01, p10) over the data cells of words 0 … words - 1 as drawn, before any change.
  double cell_rate = 0.0;
};

struct Outcome {
  ProtectionStats words;
  RepairStats repair;
};

/// A count as files and tables show it.
struct NamedCount {
  const char* key;       // in JSON
  const char* in_table;  // null: tables do not show it
  std::int64_t count;
};

/// The counts that belong to the mitigations in use.
std::vector<NamedCount> named_counts(const Mitigations& mitigations, const Outcome& outcome);

}  // namespace brownout::mitigation
