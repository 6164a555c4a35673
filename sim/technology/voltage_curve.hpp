// SPDX-License-Identifier: Apache-2.0
// A quantity that falls with the supply, relative to its value at Vmin.
#pragma once
#include <utility>
#include <vector>

namespace brownout::technology {

class VoltageCurve {
 public:
  /// (V/Vmin)^exponent.
  static VoltageCurve power(double exponent);
  /// Through points of a voltage (units of Vmin, rising, below Vmin) and a value above 0, and
  /// through 1 at Vmin. Between two points the logarithm of the value is linear in the logarithm of
  /// the voltage, as a power is; above Vmin the last slope goes on.
  static VoltageCurve table(std::vector<std::pair<double, double>> points);

  /// `voltage` in units of Vmin, not below the first point of a table.
  double at(double voltage) const;

 private:
  double exponent_ = 2.0;
  std::vector<std::pair<double, double>> points_;  // of a table, Vmin included; else empty
};

}  // namespace brownout::technology
