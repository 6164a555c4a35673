// SPDX-License-Identifier: Apache-2.0
// What a safe voltage means, in words, and the table of them.
#pragma once

#include <string>
#include <vector>

#include "sim/results/sweep_result.hpp"

namespace brownout::report {

/// "at least 90 % of dies lose at most 2.5 points", "the mean over dies loses at most 2.5 points".
std::string safe_voltage_condition(const results::SafeVoltageRule& rule);
/// A sentence: the condition, its confidence, which chips chose the voltage and which state it.
std::string safe_voltage_title(const results::SafeVoltageRule& rule);

/// A row for each network (short names) and, when there are several, each mitigation.
std::string safe_voltage_table(const results::SweepResult& result);

}  // namespace brownout::report
