// SPDX-License-Identifier: Apache-2.0
// Names of the networks.
#include "sim/results/sweep_result.hpp"

namespace brownout::results {

std::vector<std::string> SweepResult::model_names() const {
  std::vector<std::string> names;
  for (const SweepModel& model : models) names.push_back(model.name);
  return names;
}

}  // namespace brownout::results
