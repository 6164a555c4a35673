// SPDX-License-Identifier: Apache-2.0
// Grid walk and bisection; the voltages tried depend on the drops alone, so a search repeats.
#include "sim/sweep/safe_voltage.hpp"

#include "sim/base/error.hpp"

namespace brownout::sweep {

std::optional<SafeVoltage> find_safe_voltage(const std::vector<double>& grid, double max_drop,
                                             double tolerance,
                                             const std::function<double(double)>& drop) {
  BROWNOUT_CHECK(tolerance > 0, "tolerance {}", tolerance);
  std::optional<SafeVoltage> safe;
  for (const double voltage : grid) {
    BROWNOUT_CHECK(!safe || voltage < safe->voltage, "{} after {} in the grid", voltage,
                   safe->voltage);
    if (drop(voltage) <= max_drop) {
      safe = SafeVoltage{voltage, std::nullopt};
      continue;
    }
    if (!safe) return std::nullopt;
    safe->fails_at = voltage;
    break;
  }
  if (!safe || !safe->fails_at) return safe;
  while (safe->voltage - *safe->fails_at > tolerance) {
    const double middle = 0.5 * (safe->voltage + *safe->fails_at);
    (drop(middle) <= max_drop ? safe->voltage : *safe->fails_at) = middle;
  }
  return safe;
}

}  // namespace brownout::sweep
