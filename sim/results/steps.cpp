// SPDX-License-Identifier: Apache-2.0
// Where a step begins and ends.
#include "sim/results/steps.hpp"

#include <algorithm>

namespace brownout::results {

std::vector<double> ends_of_step(double voltage, const std::vector<double>& steps) {
  if (steps.empty()) return {voltage};
  const auto above = std::upper_bound(steps.begin(), steps.end(), voltage + kSameVoltage);
  const double begin = above == steps.begin() ? voltage : std::min(voltage, *(above - 1));
  const double end = above == steps.end() ? voltage : *above;
  if (begin == end) return {voltage};
  return {begin, end};
}

}  // namespace brownout::results
