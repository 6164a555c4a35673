// SPDX-License-Identifier: Apache-2.0
// A listed voltage gives the listed value, to the bit.
#include "sim/technology/voltage_curve.hpp"

#include <algorithm>
#include <cmath>

#include "sim/technology/rail.hpp"

namespace brownout::technology {

VoltageCurve VoltageCurve::power(double exponent) {
  VoltageCurve curve;
  curve.exponent_ = exponent;
  return curve;
}

VoltageCurve VoltageCurve::table(std::vector<std::pair<double, double>> points) {
  VoltageCurve curve;
  curve.points_ = std::move(points);
  curve.points_.emplace_back(kVmin, 1.0);
  return curve;
}

double VoltageCurve::at(double voltage) const {
  if (points_.empty()) {
    const double ratio = voltage / kVmin;
    return exponent_ == 2.0 ? ratio * ratio : std::pow(ratio, exponent_);
  }
  const auto right = std::upper_bound(points_.begin() + 1, points_.end() - 1, voltage,
                                      [](double v, const auto& point) { return v < point.first; });
  const auto& [low, at_low] = *(right - 1);
  const auto& [high, at_high] = *right;
  if (voltage == low) return at_low;
  if (voltage == high) return at_high;
  const double slope = std::log(at_high / at_low) / std::log(high / low);
  return at_low * std::pow(voltage / low, slope);
}

}  // namespace brownout::technology
