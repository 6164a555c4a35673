// SPDX-License-Identifier: Apache-2.0
// What is done against failing cells of the weight scratchpad, and how it is written as text.
#pragma once

#include <filesystem>
#include <string>

#include "sim/memory/word_code.hpp"

namespace brownout::mitigation {

/// The settings of all policies (sim/mitigation/policy.hpp); by default none is in use.
struct Mitigations {
  memory::CheckCode check = memory::CheckCode::kNone;
  memory::OnError on_error = memory::OnError::kPass;
  int safe_msbs = 0;        // top bits of each code that sit in cells that never fail
  double boost_vmin = 0.0;  // added to the scratchpad's supply during accesses, units of Vmin
  int spare_rows = 0;       // of each array, repaired from the map
  int spare_columns = 0;    // of each array
  std::string sensitivity;  // file of measured sensitivities that decides the placement; "": none

  bool any() const;  // is in use
};

/// "none", or parts joined by "+": secded[,on-error=pass|zero], parity[,on-error=zero],
/// interleaved-parity[,on-error=mask|zero], msb=K, boost=DV, spares=RxS, placement=FILE.json.
/// InputError (beginning with `where`) for anything else.
Mitigations parse_mitigations(const std::string& text, const std::string& where);
/// The same for a text in a file, relative to whose folder a file of sensitivities is looked for.
/// InputError also when that file does not exist.
Mitigations parse_mitigations(const std::string& text, const std::string& where,
                              const std::filesystem::path& folder);
/// The forms of all parts, for help texts: "secded, parity, interleaved-parity, msb=K, …".
std::string part_forms();

/// The same text in its canonical form: without defaults, parts in the order above.
std::string to_string(const Mitigations& mitigations);

/// All that decides what they do, for keys of results: the canonical text with the hash of the
/// sensitivities in place of their file. InputError when that cannot be read.
std::string identity(const Mitigations& mitigations);

/// Stages of the pipeline that they add after the weight memory.
int stages(const Mitigations& mitigations);

/// Supply of the scratchpad during accesses when its rail is at `voltage`, in units of Vmin, with
/// the boost. The boost stops at Vmin, because no cell fails there any more.
double access_voltage(const Mitigations& mitigations, double voltage);

}  // namespace brownout::mitigation
