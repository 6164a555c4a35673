// SPDX-License-Identifier: Apache-2.0
// Everything is read before anything is computed.
#include "sim/runs/sweep_inputs.hpp"

#include "sim/engines/evaluate.hpp"
#include "sim/weights/repair_plan.hpp"

namespace brownout::runs {

const experiment::Target& SweepNetwork::with(const mitigation::Mitigations& mitigations) {
  std::unique_ptr<const experiment::Target>& target = targets_[mitigation::to_string(mitigations)];
  if (!target) {
    target = std::make_unique<const experiment::Target>(model_, config_.with(mitigations));
  }
  return *target;
}

SweepInputs load_inputs(const SweepConfig& config) {
  SweepInputs inputs;
  for (const std::filesystem::path& file : config.models) {
    inputs.networks.push_back(std::make_unique<SweepNetwork>(file, config.setup.target));
  }
  inputs.images = experiment::open(config.setup.images);
  for (const std::unique_ptr<SweepNetwork>& network : inputs.networks) {
    const experiment::Model& model = network->model();
    engines::check_fits(*model.network, *inputs.images.data, model.file.string());
    const std::optional<mapping::AcceleratorConfig>& accelerator = config.setup.target.accelerator;
    const mapping::Placement placement = network->with({}).placement();
    for (const SweepMitigation& entry : config.mitigations) {
      weights::plan_repair(*model.network, model.sha256, placement, entry.what,
                           accelerator ? &accelerator->weights : nullptr, model.file.string());
    }
  }
  inputs.used = {data::dataset_sha256(*inputs.images.data), inputs.images.count};
  return inputs;
}

}  // namespace brownout::runs
