// SPDX-License-Identifier: Apache-2.0
// Compile, draw the chip, run, price.
#include "sim/runs/accelerator_run.hpp"

#include <chrono>

#include "sim/base/error.hpp"
#include "sim/base/progress.hpp"
#include "sim/chips/chip.hpp"
#include "sim/chips/level_note.hpp"
#include "sim/engines/engine_traits.hpp"
#include "sim/experiment/experiment.hpp"
#include "sim/experiment/network_cost.hpp"
#include "sim/mapping/timing.hpp"

namespace brownout::runs {

namespace {

using Clock = std::chrono::steady_clock;

experiment::RunCounts run_counts(const AcceleratorRun& run) {
  const auto part = [](const accelerator::LayerTally& tally) {
    return experiment::RunPartCounts{tally.counts, static_cast<double>(tally.cycles)};
  };
  experiment::RunCounts counts{part(run.total), {}, run.unprotected_cycles};
  for (const accelerator::LayerTally& layer : run.simulated.layers) {
    counts.layers.push_back(part(layer));
  }
  return counts;
}

/// Numbers, cycles and counts. The engine "functional" has its time from the SystemC model.
void simulate(experiment::Experiment& experiment, engines::SimulatedEngine& systemc,
              const chips::Chip* chip, const experiment::Conditions& at, AcceleratorRun& run) {
  const bool only_time = !engines::traits_of(run.config.setup.engine).on_accelerator;
  const std::size_t span_limit = run.config.span_limit;
  if (!only_time) systemc.record(span_limit);
  experiment::ChipRun on_chip = experiment.run(chip, at);
  run.simulated = only_time ? systemc.time(run.images, span_limit) : systemc.result();
  run.evaluation = std::move(on_chip.evaluation);
  const double share = static_cast<double>(run.evaluation.wrong) / static_cast<double>(run.images);
  run.accuracy = 100.0 * (1.0 - share);
  run.err = results::percent(run.evaluation.wrong, run.images);
  run.err_ci95 = results::error_interval(run.evaluation.wrong, run.images);
  run.weights = std::move(on_chip.weights);
  run.other_memories = on_chip.others;
  run.rate = at.supply.rate;
  if (chip != nullptr) {
    run.rate = experiment::configured_rate(*chip, at.weights, run.weights.repair.cell_rate);
  }
  run.memories = results::memory_uses({at.weights.voltage, run.rate}, at.others,
                                      chip != nullptr && chip->by_voltage(), run.weights.read,
                                      run.other_memories);
}

/// What the counts say of each layer and of all.
void add_parts(const mapping::Program& program, AcceleratorRun& run) {
  run.total = run.simulated.total();
  run.total.cycles = run.simulated.cycles;
  run.weight_words = program.resident_words;
  if (run.weight_words > 0) {
    run.weight_reads_per_word = static_cast<double>(run.total.counts.weight_reads) /
                                static_cast<double>(run.weight_words * run.images);
  }
  const auto part = [&](std::string name, const accelerator::LayerTally& tally) {
    const double slots = static_cast<double>(tally.cycles) * run.pricing.structure.pes;
    return RunPart{std::move(name), static_cast<double>(tally.counts.macs) / slots};
  };
  for (const mapping::LayerIndex i : run.simulated.layers.indices()) {
    run.layers.push_back(part(program.layers[i].name, run.simulated.layers[i]));
  }
  run.all = part("all, with DMA", run.total);
}

/// Check codes take cycles, which the unprotected accelerator does not.
double unprotected_cycles(const experiment::Model& model, const AcceleratorRun& run) {
  const experiment::TargetConfig& config = run.config.setup.target;
  if (mapping::check_stages(config.accelerator->weights) == 0) {
    return static_cast<double>(run.total.cycles);
  }
  const experiment::Target unprotected(model, config.with({}));
  return experiment::NetworkCost(model, unprotected, run.images, run.config.setup.simulator)
      .cycles();
}

}  // namespace

const std::vector<std::string>& run_engine_names() {
  static const std::vector<std::string> names{"functional", "systemc", "rtl"};
  return names;
}

AcceleratorRun run_accelerator(RunConfig config, int threads, bool quiet) {
  const Clock::time_point start = Clock::now();
  AcceleratorRun run;
  run.config = std::move(config);
  const experiment::Setup& setup = run.config.setup;
  const double voltage = run.config.voltage.value_or(1.0);
  const experiment::Conditions at = setup.supplies().at(voltage);
  std::unique_ptr<chips::Chip> chip;
  if (run.config.voltage) {
    chip = chips::make_chip(run.config.chip);
    run.chip_note = chips::note_at(*chip, {at.weights.voltage});
  }
  const experiment::Model model =
      run.config.network ? *run.config.network : experiment::load_model(run.config.model);
  run.model = model.name;
  run.model_sha256 = model.sha256;
  Simulator& simulator = needed(setup.simulator);
  const std::shared_ptr<accelerator::ArrayModel> rtl =
      engines::traits_of(setup.engine).rtl ? simulator.make_rtl_array(*setup.target.accelerator)
                                           : nullptr;
  const experiment::Target target(model, setup.target);
  const std::shared_ptr<engines::SimulatedEngine> systemc =
      simulator.make_engine(model.network, target.programs(), model.file.string(), rtl);
  const experiment::OpenImages images = experiment::open(setup.images);
  engines::check_fits(*model.network, *images.data, model.file.string());
  run.images = images.count;
  run.labelled = images.labelled();

  std::shared_ptr<engines::Engine> engine = systemc;
  if (!engines::traits_of(setup.engine).on_accelerator) {
    engine = engines::make_engine(setup.engine, model.network, threads);
  }
  experiment::Experiment experiment(model, images, setup, target, engine, threads);
  Progress progress("run", 1, quiet);
  simulate(experiment, *systemc, chip.get(), at, run);
  progress.advance(1);
  progress.finish();
  if (rtl) run.rtl_cycles = rtl->measured_cycles();

  run.pricing = experiment::pricing_of(*target.program(), model.network->bits(), run.images);
  add_parts(*target.program(), run);
  run.unprotected_cycles = unprotected_cycles(model, run);
  run.prices = experiment::price_run(*setup.technology, run.pricing, voltage, run_counts(run));
  run.wall_seconds = std::chrono::duration<double>(Clock::now() - start).count();
  return run;
}

}  // namespace brownout::runs
