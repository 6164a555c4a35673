// SPDX-License-Identifier: Apache-2.0
// First a run for the time only, for the trace window; then without the RTL; then with it.
#include "sim/runs/cosim_run.hpp"

#include <fmt/format.h>

#include <chrono>
#include <cmath>
#include <exception>
#include <memory>

#include "sim/base/error.hpp"
#include "sim/base/progress.hpp"
#include "sim/base/text.hpp"
#include "sim/chips/chip.hpp"
#include "sim/chips/level_note.hpp"
#include "sim/cosim/core_fit.hpp"
#include "sim/cosim/job_files.hpp"
#include "sim/cosim/wave_file.hpp"
#include "sim/engines/simulator.hpp"
#include "sim/experiment/experiment.hpp"
#include "sim/runs/checked_engine.hpp"
#include "sim/runs/cosim_window.hpp"

namespace brownout::runs {

namespace {

using Clock = std::chrono::steady_clock;

constexpr double kTimedSeconds = 0.05;  // of the model alone

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

void expect_matrix_layer(const mapping::Program& program, const std::string& name) {
  std::vector<std::string> names;
  for (const mapping::LayerProgram& layer : program.layers) {
    if (layer.k == 0) continue;
    if (layer.name == name) return;
    names.push_back(layer.name);
  }
  const std::string near = did_you_mean(name, names);
  throw InputError("{}: expected a layer with a matrix operator: {}; got {}{}", Field{"layer"},
                   fmt::join(names, ", "), in_quotes(name), near.empty() ? "" : "; " + near);
}

cosim::CheckOptions check_options(const CosimConfig& config) {
  cosim::CheckOptions options;
  options.layer = config.layer;
  options.trace_from = config.trace_from;
  options.trace_to = config.trace_to;
  options.mismatch_trace = config.mismatch_trace;
  options.export_folder = config.export_folder;
  return options;
}

/// What the memories of the chip, if there is one, have as faults.
void describe(const experiment::Readout& readout, const chips::Chip* chip,
              const experiment::Conditions& at, bool weights_scaled, CosimRun& run) {
  run.weights = readout.weights;
  run.rate = at.weights.rate;
  if (chip != nullptr && weights_scaled) {
    run.rate = experiment::configured_rate(*chip, at.weights, readout.weights.repair.cell_rate);
  }
  run.memories = results::memory_uses({at.weights.voltage, run.rate}, at.others,
                                      chip != nullptr && chip->by_voltage(), run.weights.read,
                                      run.other_memories);
}

/// Without the RTL: numbers and time.
void run_without_rtl(experiment::Experiment& experiment, engines::SimulatedEngine& plain,
                     const experiment::Readout& readout, CosimRun& run) {
  run.logits_sha256 = experiment.evaluate(plain, readout).logits_sha256;
  run.other_memories = readout.others;
  run.other_memories.set_bits_wrong(plain.memory_bits_wrong());
  run.run_cycles = plain.result().cycles;
  run.systemc_seconds = plain.result().seconds;
  // One image takes a few milliseconds, which is too short to be timed once.
  int runs = 1;
  for (; run.systemc_seconds < kTimedSeconds; ++runs) {
    experiment.evaluate(plain, readout, /*hash_logits=*/false);
    run.systemc_seconds += plain.result().seconds;
  }
  run.systemc_seconds /= runs;
}

/// The layers that were checked.
void add_layers(const cosim::CheckedArray& array, const mapping::Program& program, CosimRun& run) {
  const std::string& only = run.config.layer;
  for (const mapping::LayerIndex i : program.layers.indices()) {
    const mapping::LayerProgram& layer = program.layers[i];
    if (layer.k == 0 || (!only.empty() && layer.name != only)) continue;
    run.layers.push_back({layer.name, array.records()[i], array.checks()[i]});
    run.total += run.layers.back();
  }
  run.total.name = "all";
}

/// What both sides compute from.
struct Comparison {
  experiment::Experiment& experiment;
  const experiment::Model& model;
  const experiment::Target& target;
  const experiment::Readout& readout;
  const experiment::Conditions& at;
  Simulator& simulator;
};

/// The RTL beside the array. Waves that end with a failed assertion of the RTL are kept, and the
/// failure is returned.
std::exception_ptr compare(const Comparison& both, const std::filesystem::path& trace,
                           CosimRun& run) {
  const auto& [experiment, model, target, readout, at, simulator] = both;
  cosim::CheckOptions options = check_options(run.config);
  options.trace = trace;
  const mapping::AcceleratorConfig& accelerator = *target.config().accelerator;
  const auto array =
      run.not_compared.empty()
          ? std::make_shared<cosim::CheckedArray>(accelerator, options)
          : std::make_shared<cosim::CheckedArray>(cosim::fitting_shape(accelerator), options);
  array->set_supply(at.weights.voltage, at.others.accumulators.voltage);
  const auto engine =
      simulator.make_engine(model.network, target.programs(), model.file.string(), array);
  CheckedEngine checked(*engine, *array, *model.network);
  std::exception_ptr failure;
  try {
    const std::string logits = experiment.evaluate(checked, readout).logits_sha256;
    BROWNOUT_CHECK(logits == run.logits_sha256 && checked.cycles() == run.run_cycles,
                   "logits {} and {} cycles beside the RTL, {} and {} without", logits,
                   checked.cycles(), run.logits_sha256, run.run_cycles);
  } catch (const RunError&) {
    failure = std::current_exception();
  }
  array->close_trace();
  if (failure || !run.not_compared.empty()) return failure;
  add_layers(*array, *target.program(), run);
  run.first_mismatch = array->first_mismatch();
  run.mismatch_waves = array->mismatch_waves();
  run.traced_cycles = array->traced_cycles();
  run.rtl_seconds = array->seconds();
  return nullptr;
}

/// The same, with the waves that are asked for. Throws the failure of the RTL.
void compare_with_waves(const Comparison& both, CosimRun& run) {
  std::exception_ptr failure;
  const auto compare_into = [&](const std::filesystem::path& waves) {
    failure = compare(both, waves, run);
  };
  if (run.config.trace.empty()) {
    compare_into({});
  } else {
    cosim::write_waves(run.config.trace, compare_into);
  }
  if (failure) std::rethrow_exception(failure);
}

/// Why there is no RTL to compare with although an export is wanted; else "". InputError when one
/// is needed and there is none.
std::string expect_core(const CosimConfig& config) {
  const mapping::AcceleratorConfig& accelerator = *config.setup.target.accelerator;
  if (config.export_folder.empty() || !config.trace.empty()) {
    cosim::check_core(accelerator);
    return "";
  }
  cosim::check_rtl(accelerator);
  return cosim::core_problem(accelerator);
}

}  // namespace

CosimPart& CosimPart::operator+=(const CosimPart& other) {
  record.rtl_cycles += other.record.rtl_cycles;
  record.systemc_cycles += other.record.systemc_cycles;
  record.tiles += other.record.tiles;
  record.strips += other.record.strips;
  check.outputs_compared += other.check.outputs_compared;
  check.words_compared += other.check.words_compared;
  check.mismatches += other.check.mismatches;
  check.counters += other.check.counters;
  return *this;
}

double CosimPart::cycle_error_pct() const {
  const auto systemc = static_cast<double>(record.systemc_cycles);
  return 100.0 * std::abs(static_cast<double>(record.rtl_cycles) - systemc) / systemc;
}

WordPlace CosimRun::mismatch_place() const {
  const mapping::WeightMemoryConfig& memory = config.setup.target.accelerator->weights;
  const std::int64_t word = first_mismatch->word->address_expected;
  return {memory.array_of(word), memory.row_of(word)};
}

double CosimRun::rtl_cycles_per_s() const {
  return static_cast<double>(total.record.rtl_cycles) / rtl_seconds;
}

double CosimRun::systemc_cycles_per_s() const {
  return static_cast<double>(run_cycles) / systemc_seconds;
}

CosimRun run_cosim(CosimConfig config, bool quiet) {
  const Clock::time_point start = Clock::now();
  CosimRun run;
  run.config = std::move(config);
  const experiment::Setup& setup = run.config.setup;
  run.not_compared = expect_core(run.config);
  experiment::Conditions at;
  std::unique_ptr<chips::Chip> chip;
  if (run.config.voltage) {
    at = setup.supplies().at(*run.config.voltage);
    chip = chips::make_chip(run.config.chip);
    run.chip_note = chips::note_at(*chip, {at.weights.voltage});
  }
  const experiment::Model model = experiment::load_model(run.config.model);
  run.model = model.name;
  run.model_sha256 = model.sha256;
  const experiment::Target target(model, setup.target);
  Simulator& simulator = needed(setup.simulator);
  const std::shared_ptr<engines::SimulatedEngine> plain =
      simulator.make_engine(model.network, target.programs(), model.file.string());
  if (!run.config.layer.empty()) expect_matrix_layer(*target.program(), run.config.layer);
  const experiment::OpenImages images = experiment::open(setup.images);
  engines::check_fits(*model.network, *images.data, model.file.string());
  run.images = images.count;
  run.labelled = images.labelled();
  const std::vector<CoreTime> times = expect_window(run.config, images.count, *plain);
  if (!run.config.export_folder.empty()) cosim::prepare_export(run.config.export_folder);

  experiment::Experiment experiment(model, images, setup, target, plain, /*threads=*/1);
  const experiment::Readout readout = experiment.read(chip.get(), at);
  Progress progress("cosim", 2, quiet);
  run_without_rtl(experiment, *plain, readout, run);
  describe(readout, chip.get(), at, setup.supplies().weights_scaled(), run);
  progress.advance(1, run.not_compared.empty() ? "RTL" : "export");
  compare_with_waves({experiment, model, target, readout, at, simulator}, run);
  if (!run.config.trace.empty() && run.traced_cycles == 0 && !run.first_mismatch) {
    run.next_core = next_core(run.config, times);
  }
  progress.advance(1);
  progress.finish();
  run.wall_seconds = seconds_since(start);
  return run;
}

}  // namespace brownout::runs
