// SPDX-License-Identifier: Apache-2.0
// The order of a sweep's results: accelerators, for each networks, for each mitigations.
#pragma once
#include "sim/results/sweep_result.hpp"
#include "sim/runs/model_sweep.hpp"
#include "sim/runs/sweep_parts.hpp"

namespace brownout::runs {

/// Calls visit(costs, target, network, mitigation) in that order. Gives each accelerator what its
/// networks cost at Vmin.
template <typename Visit>
void for_each_unit(const SweepParts& parts, results::RowStore& store, results::SweepResult& result,
                   const Visit& visit) {
  for (std::size_t t = 0; t < parts.targets.size(); ++t) {
    const SweepTarget& target = parts.targets[t];
    for (std::size_t network = 0; network < parts.config.models.size(); ++network) {
      CostCache costs(parts.config, target, *parts.inputs.networks[t][network],
                      parts.inputs.images.count, store);
      if (!target.name.empty() && !parts.config.by_rate()) {
        result.accelerators[t].at_vmin.push_back(costs.basis_at_vmin());
      }
      for (const SweepMitigation& mitigation : parts.config.mitigations) {
        visit(costs, target, network, mitigation);
      }
    }
  }
}

}  // namespace brownout::runs
