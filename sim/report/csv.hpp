// SPDX-License-Identifier: Apache-2.0
// Sweep results as CSV: a header line, one row a point, empty cells for what is undefined.
#pragma once
#include <string>

#include "sim/sweep/sweep.hpp"

namespace brownout::report {

/// Grid points, then the points evaluated between them (column grid: 1 or 0).
std::string points_csv(const sweep::SweepResult& result);
std::string safe_voltage_csv(const sweep::SweepResult& result);

}  // namespace brownout::report
