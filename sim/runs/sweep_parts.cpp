// SPDX-License-Identifier: Apache-2.0
#include "sim/runs/sweep_parts.hpp"

#include <utility>

#include "sim/base/error.hpp"
#include "sim/chips/level_note.hpp"
#include "sim/engines/simulator.hpp"
#include "sim/experiment/pricing.hpp"
#include "sim/runs/safe_voltage_search.hpp"
#include "sim/runs/sweep_identity.hpp"

namespace brownout::runs {

namespace {

/// What is known before anything runs.
results::SweepResult described_sweep(const SweepConfig& config, const SweepInputs& inputs,
                                     const std::vector<SweepTarget>& targets,
                                     const SweepChips& chips) {
  const experiment::Setup& setup = config.setup;
  const chips::Chip& first_chip = *chips.grid.front();
  results::SweepResult result;
  result.by_rate = config.by_rate();
  if (setup.technology) {
    result.technology = setup.technology->name();
    result.rail = setup.technology->rail().text();
  }
  result.chip_note = chips::note_at(first_chip, config.voltages);
  for (const std::unique_ptr<SweepNetwork>& network : inputs.networks.front()) {
    const experiment::Model& model = network->model();
    result.models.push_back({model.name, model.file, model.sha256, model.network->bits(),
                             model.network->coded_parameters()});
  }
  result.identity = identity(config, result.models, inputs.used, first_chip.identity());
  if (config.has_safe_voltage()) result.safe = rule_of(config, chips);
  result.engine = setup.engine;
  result.labelled = inputs.images.labelled();
  for (const SweepTarget& target : targets) {
    if (target.name.empty()) continue;
    const mapping::AcceleratorConfig& accelerator = *target.setup.target.accelerator;
    results::SweptAccelerator one{target.name, accelerator.clock_mhz, target.errors_of, {}};
    if (!config.by_rate()) {
      one.dram =
          experiment::dram_price(*setup.technology, experiment::own_dram_price(accelerator.dram));
    }
    result.accelerators.push_back(std::move(one));
  }
  if (setup.target.accelerator) {
    result.accelerator = config.grid_of.empty() ? setup.target.accelerator->name : config.grid_of;
    if (!config.by_rate()) result.prices = experiment::price_list(*setup.technology);
  }
  result.weights_scaled = setup.supplies().weights_scaled();
  result.mitigations.clear();
  for (const SweepMitigation& entry : config.mitigations) result.mitigations.push_back(entry.name);
  return result;
}

}  // namespace

SweepParts sweep_parts(SweepConfig config) {
  settle_safe_voltage(config);
  std::vector<SweepTarget> targets = sweep_targets(config);
  for (const SweepTarget& target : targets) {
    if (target.setup.target.accelerator) needed(target.setup.simulator);
  }
  SweepInputs inputs = load_inputs(config, targets);
  if (config.precision && config.precision->images_a_chip > inputs.images.count) {
    throw InputError(
        "{}: precision.images_a_chip: expected at most the {} images of the sweep, got {}",
        config.file.string(), inputs.images.count, *config.precision->images_a_chip);
  }
  SweepChips chips = sweep_chips(config);
  results::SweepResult described = described_sweep(config, inputs, targets, chips);
  return {std::move(config), std::move(targets), std::move(inputs), std::move(chips),
          std::move(described)};
}

}  // namespace brownout::runs
