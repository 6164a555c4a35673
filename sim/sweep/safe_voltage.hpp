// SPDX-License-Identifier: Apache-2.0
// The lowest voltage at which a network loses at most a given number of points.
#pragma once
#include <functional>
#include <optional>
#include <vector>

namespace brownout::sweep {

struct SafeVoltage {
  double voltage = 1.0;            // units of Vmin; meets the limit
  std::optional<double> fails_at;  // next lower voltage tried, which does not; none: grid's end
};

/// Walks the grid down from its highest voltage to the first one whose drop exceeds `max_drop`,
/// then halves the gap above it until it is at most `tolerance` wide. Every voltage tried above
/// the answer meets the limit. No answer when the highest voltage of the grid already fails.
/// `grid` is strictly descending; `drop(V)` is asked once per voltage.
std::optional<SafeVoltage> find_safe_voltage(const std::vector<double>& grid, double max_drop,
                                             double tolerance,
                                             const std::function<double(double)>& drop);

}  // namespace brownout::sweep
