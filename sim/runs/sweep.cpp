// SPDX-License-Identifier: Apache-2.0
// Point by point through the result store: a network after another, with each of the mitigations.
#include "sim/runs/sweep.hpp"

#include <chrono>

#include "sim/base/progress.hpp"
#include "sim/engines/simulator.hpp"
#include "sim/experiment/pricing.hpp"
#include "sim/results/store.hpp"
#include "sim/runs/model_sweep.hpp"
#include "sim/runs/safe_voltage_search.hpp"
#include "sim/runs/sweep_chips.hpp"
#include "sim/runs/sweep_identity.hpp"
#include "sim/runs/sweep_inputs.hpp"
#include "sim/runs/sweep_targets.hpp"

namespace brownout::runs {

namespace {

/// What is known before anything runs.
results::SweepResult described_sweep(const SweepConfig& config, const SweepInputs& inputs,
                                     const std::vector<SweepTarget>& targets,
                                     const SweepChips& chips) {
  const experiment::Setup& setup = config.setup;
  const chips::Chip& first_chip = *chips.grid.front();
  results::SweepResult result;
  result.technology = setup.technology->name();
  result.rail = setup.technology->rail().text();
  result.chip_note = first_chip.note();
  for (const std::unique_ptr<SweepNetwork>& network : inputs.networks.front()) {
    const experiment::Model& model = network->model();
    result.models.push_back({model.name, model.file, model.sha256, model.network->bits(),
                             model.network->coded_parameters()});
  }
  result.identity = identity(config, result.models, inputs.used, first_chip.identity());
  result.safe = rule_of(config, chips);
  result.engine = setup.engine;
  result.labelled = inputs.images.labelled();
  for (const SweepTarget& target : targets) {
    if (target.name.empty()) continue;
    const mapping::AcceleratorConfig& accelerator = *target.setup.target.accelerator;
    result.accelerators.push_back(
        {target.name, accelerator.clock_mhz, target.errors_of,
         experiment::dram_price(*setup.technology, experiment::own_dram_price(accelerator.dram))});
  }
  if (setup.target.accelerator) {
    result.accelerator = config.grid_of.empty() ? setup.target.accelerator->name : config.grid_of;
    result.prices = experiment::price_list(*setup.technology);
  }
  result.weights_scaled = setup.supplies().weights_scaled();
  result.mitigations.clear();
  for (const SweepMitigation& entry : config.mitigations) result.mitigations.push_back(entry.name);
  return result;
}

/// Chips to evaluate for a network with a mitigation, for the progress display. The search takes
/// somewhat longer: most of its chips are tried once, and all of them at the answer.
std::int64_t work_of_one(const SweepConfig& config) {
  const auto grid_points = static_cast<std::int64_t>(config.voltages.size());
  return grid_points * config.chips + 2 * config.safe.chosen_on + config.safe.stated_on;
}

/// The points of the grid, then the safe voltage.
void add_points(const SweepConfig& config, const SweepChips& chips, ModelSweep& run,
                results::SweepResult& result) {
  const std::size_t first = result.points.size();
  for (const double voltage : config.voltages) {
    bool computed = false;
    result.points.push_back(run.point(chips.grid, voltage, computed));
    result.points_computed += computed ? 1 : 0;
  }
  result.safe_voltage.push_back(
      find_safe_voltage(config, chips, run, result.points[first], result));
}

}  // namespace

results::SweepResult run_sweep(SweepConfig config, const std::filesystem::path& folder, int threads,
                               bool quiet) {
  const auto start = std::chrono::steady_clock::now();
  settle_safe_voltage(config);
  const std::vector<SweepTarget> targets = sweep_targets(config);
  for (const SweepTarget& target : targets) {
    if (target.setup.target.accelerator) needed(target.setup.simulator);
  }
  const SweepInputs inputs = load_inputs(config, targets);
  const SweepChips chips = sweep_chips(config);
  results::SweepResult result = described_sweep(config, inputs, targets, chips);
  results::Store store(folder, result.identity);
  const std::int64_t per_model = work_of_one(config);
  const std::size_t rows = targets.size() * config.models.size() * config.mitigations.size();
  Progress progress("sweep", per_model * static_cast<std::int64_t>(rows), quiet);

  double seconds = 0.0;
  std::int64_t passes = 0;
  const SweepBench bench{config, targets, inputs, *chips.grid.front(), store, threads, progress};
  for (std::size_t t = 0; t < targets.size(); ++t) {
    for (std::size_t network = 0; network < config.models.size(); ++network) {
      CostCache costs(config, *inputs.networks[t][network], inputs.images.count);
      if (!targets[t].name.empty()) {
        result.accelerators[t].at_vmin.push_back(costs.basis_at_vmin());
      }
      for (const SweepMitigation& mitigation : config.mitigations) {
        ModelSweep run(bench, targets[t], network, mitigation, costs);
        if (config.mitigations.size() == 1) result.steps = run.steps();
        add_points(config, chips, run, result);
        progress.add_work(run.ticks() - per_model);
        seconds += run.seconds();
        passes += run.passes();
      }
    }
  }
  progress.finish();

  result.settle();
  if (seconds > 0) {
    result.images_per_s = static_cast<double>(passes * inputs.images.count) / seconds;
  }
  result.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  return result;
}

}  // namespace brownout::runs
