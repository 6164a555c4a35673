// SPDX-License-Identifier: Apache-2.0
// Names of the networks, and what is asked of one accelerator among several.
#include "sim/results/sweep_result.hpp"

#include <algorithm>

#include "sim/base/error.hpp"

namespace brownout::results {

std::vector<std::string> SweepResult::model_names() const {
  std::vector<std::string> names;
  for (const SweepModel& model : models) names.push_back(model.name);
  return names;
}

std::vector<SweepResult> SweepResult::by_accelerator() const {
  std::vector<SweepResult> parts;
  for (const SweptAccelerator& one : accelerators) {
    SweepResult part = *this;
    const auto of_another = [&](const auto& entry) { return entry.accelerator != one.name; };
    const auto keep_own = [&](auto& list) {
      list.erase(std::remove_if(list.begin(), list.end(), of_another), list.end());
    };
    keep_own(part.points);
    keep_own(part.extra_points);
    keep_own(part.safe_voltage);
    part.differences.clear();  // they name points of the whole list
    part.accelerator = one.name;
    part.accelerators = {one};
    part.accelerators[0].errors_of = 0;
    part.settle();
    parts.push_back(std::move(part));
  }
  return parts;
}

}  // namespace brownout::results
