// SPDX-License-Identifier: Apache-2.0
// Sweep results as CSV: a header line, one row a point, empty cells for what is undefined.
#pragma once
#include <string>

#include "sim/results/sweep_result.hpp"

namespace brownout::report {

/// Grid points, then the points evaluated between them (column grid: 1 or 0).
std::string points_csv(const results::SweepResult& result);
std::string safe_voltage_csv(const results::SweepResult& result);

}  // namespace brownout::report
