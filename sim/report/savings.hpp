// SPDX-License-Identifier: Apache-2.0
// What a lower voltage saves, in a sweep's tables: the energy of weight accesses, and all energy.
#pragma once

#include <string>

#include "sim/results/sweep_result.hpp"

namespace brownout::report {

inline constexpr char kAccessSaved[] = "access saved %";
inline constexpr char kAllSaved[] = "all saved %";

/// "30.6": against an unprotected weight access at Vmin.
std::string access_saved(const results::Point& point);
/// "2.13 (0.91 … 8.30)": against all energy of the unprotected accelerator at Vmin, with the ends
/// of the range of leakage. Only on an accelerator.
std::string all_saved(const results::Point& point);
std::string all_saved(const results::SafeVoltageRow& row);

/// What the two columns mean, for the lines under a table.
std::string savings_note(const results::SweepResult& result);

}  // namespace brownout::report
