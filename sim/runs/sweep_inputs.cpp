// SPDX-License-Identifier: Apache-2.0
// Everything is read before anything is computed.
#include "sim/runs/sweep_inputs.hpp"

#include "sim/base/error.hpp"
#include "sim/engines/evaluate.hpp"
#include "sim/weights/repair_plan.hpp"

namespace brownout::runs {

const experiment::Target& SweepNetwork::with(const mitigation::Mitigations& mitigations) {
  const std::lock_guard<std::mutex> lock(mutex_);
  std::unique_ptr<const experiment::Target>& target = targets_[mitigation::to_string(mitigations)];
  if (!target) {
    target = std::make_unique<const experiment::Target>(model_, config_.with(mitigations));
  }
  return *target;
}

namespace {

/// Compiles a network and plans its repairs. InputError when it does not fit.
void check_network(const SweepConfig& config, const SweepTarget& target, SweepNetwork& network) {
  const experiment::Model& model = network.model();
  const std::optional<mapping::AcceleratorConfig>& accelerator = target.setup.target.accelerator;
  const mapping::Placement placement = network.with({}).placement();
  for (const SweepMitigation& entry : config.mitigations) {
    weights::plan_repair(*model.network, model.sha256, placement, entry.what,
                         accelerator ? &accelerator->weights : nullptr, model.file.string());
  }
}

/// The same; messages say which accelerator of a grid it was.
void check_on_target(const SweepConfig& config, const SweepTarget& target, SweepNetwork& network) {
  try {
    check_network(config, target, network);
  } catch (const InputError& error) {
    if (config.grid_of.empty()) throw;
    throw InputError("{} (on {})", error.text(), target.name);
  }
}

}  // namespace

SweepInputs load_inputs(const SweepConfig& config, const std::vector<SweepTarget>& targets) {
  SweepInputs inputs;
  std::vector<experiment::Model> models;
  for (const std::filesystem::path& file : config.models) {
    models.push_back(experiment::load_model(file));
  }
  inputs.images = experiment::open(config.setup.images);
  for (const experiment::Model& model : models) {
    engines::check_fits(*model.network, *inputs.images.data, model.file.string());
  }
  for (const SweepTarget& target : targets) {
    SweepNetworks networks;
    for (const experiment::Model& model : models) {
      networks.push_back(std::make_unique<SweepNetwork>(model, target.setup.target));
      check_on_target(config, target, *networks.back());
    }
    inputs.networks.push_back(std::move(networks));
  }
  inputs.used = {data::dataset_sha256(*inputs.images.data), inputs.images.count};
  return inputs;
}

}  // namespace brownout::runs
