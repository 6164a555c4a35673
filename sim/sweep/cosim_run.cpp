// SPDX-License-Identifier: Apache-2.0
// First a run for the time only, for the trace window; then without the RTL; then with it.
#include "sim/sweep/cosim_run.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <exception>
#include <memory>

#include "sim/base/error.hpp"
#include "sim/base/files.hpp"
#include "sim/base/progress.hpp"
#include "sim/base/text.hpp"
#include "sim/chips/chip.hpp"
#include "sim/cosim/job_files.hpp"
#include "sim/cosim/waves.hpp"
#include "sim/engines/systemc_engine.hpp"
#include "sim/experiment/experiment.hpp"
#include "sim/sweep/interrupt.hpp"

namespace brownout::sweep {

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t kSpanLimit = std::size_t{1} << 22;  // stretches of the modules' time
constexpr double kTimedSeconds = 0.05;                    // of the model alone

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
  const std::string near = nearest_name(name, names);
  throw InputError("--layer: expected a layer with a matrix operator: {}; got {}{}",
                   fmt::join(names, ", "), in_quotes(name),
                   near.empty() ? "" : fmt::format("; did you mean \"{}\"?", near));
}

void expect_window_in_run(const CosimConfig& config, std::int64_t cycles) {
  if (config.trace.empty()) return;
  if (config.trace_from >= 0 && config.trace_from < config.trace_to && config.trace_to <= cycles) {
    return;
  }
  throw InputError(
      "--trace-window: expected cycles FROM:TO of the run, 0 <= FROM < TO <= {}, got {}:{}", cycles,
      config.trace_from, config.trace_to);
}

/// Where the core runs in [from, to) of the run, layer after layer, by the model's own record of
/// its time. Empty without a trace, and for runs with too many stretches.
std::vector<CoreTime> core_times(const CosimConfig& config, const mapping::Program& program,
                                 const engines::ImagesResult& result) {
  std::vector<CoreTime> times;
  if (config.trace.empty() || result.spans_cut) return times;
  for (const accelerator::Span& span : result.spans) {
    if (span.module != accelerator::Module::kSequencer) continue;
    const mapping::LayerProgram& layer = program.layers[span.layer];
    if (layer.k == 0 || (!config.layer.empty() && layer.name != config.layer)) continue;
    // After the core the vector unit continues. For how long in a smaller last batch does not
    // matter.
    const std::int64_t behind =
        result.images % program.batch == 0 ? cosim::layer_cycles(program, span.layer, {}) : 0;
    times.push_back({layer.name, span.begin, span.end - behind});
  }
  std::sort(times.begin(), times.end(),
            [](const CoreTime& a, const CoreTime& b) { return a.begin < b.begin; });
  return times;
}

/// If the waves are of one layer, the window must meet that layer. If they are of the whole run, it
/// may miss the core.
void expect_window_in_layer(const CosimConfig& config, const std::vector<CoreTime>& times) {
  if (config.layer.empty() || times.empty()) return;
  for (const CoreTime& time : times) {
    if (config.trace_from < time.end && time.begin < config.trace_to) return;
  }
  constexpr std::size_t kShown = 4;
  std::string places;
  for (std::size_t i = 0; i < std::min(times.size(), kShown); ++i) {
    places += fmt::format("{}{}:{}", i == 0 ? "" : ", ", times[i].begin, times[i].end);
  }
  if (times.size() > kShown) places += fmt::format(", … ({} times)", times.size());
  throw InputError("--trace-window: layer {} runs in {} only, got {}:{}", config.layer, places,
                   config.trace_from, config.trace_to);
}

/// The first one after the beginning of the window, else the last one.
std::optional<CoreTime> next_core(const CosimConfig& config, const std::vector<CoreTime>& times) {
  if (times.empty()) return {};
  const auto next = std::find_if(times.begin(), times.end(), [&](const CoreTime& time) {
    return time.end > config.trace_from;
  });
  return next == times.end() ? times.back() : *next;
}

/// Full batches and the rest are two runs of the engine; the waves and mismatches are counted over
/// both.
class CheckedEngine final : public engines::Engine {
 public:
  CheckedEngine(engines::SystemcEngine& engine, cosim::CheckedArray& array,
                const network::Network& network)
      : engine_(engine), array_(array), network_(network) {}

  void set_codes(const network::Codes& codes) override { engine_.set_codes(codes); }
  void set_chip(const network::Codes& codes, const memory::WordFaultLists& faults,
                const memory::Draws& draws) override {
    engine_.set_chip(codes, faults, draws);
  }
  bool reads_memory() const override { return engine_.reads_memory(); }
  void set_memory_faults(const mapping::MemoryFaults& faults) override {
    engine_.set_memory_faults(faults);
  }
  void run(const std::uint8_t* pixels, std::int64_t first, int count, float* logits,
           int worker) override {
    const int batch = engine_.program().batch;
    const int full = count - count % batch;
    if (full > 0) part(pixels, first, full, logits, worker);
    if (full < count) {
      part(pixels + full * network_.input.size(), first + full, count - full,
           logits + std::ptrdiff_t{full} * network_.classes, worker);
    }
  }
  int preferred_batch() const override { return engine_.preferred_batch(); }
  std::string name() const override { return engine_.name(); }

  std::int64_t cycles() const { return cycles_; }

 private:
  void part(const std::uint8_t* pixels, std::int64_t first, int count, float* logits, int worker) {
    array_.set_origin(cycles_);
    engine_.run(pixels, first, count, logits, worker);
    cycles_ += engine_.result().cycles;
  }

  engines::SystemcEngine& engine_;
  cosim::CheckedArray& array_;
  const network::Network& network_;
  std::int64_t cycles_ = 0;
};

cosim::CheckOptions check_options(const CosimConfig& config) {
  cosim::CheckOptions options;
  options.layer = config.layer;
  options.trace_from = config.trace_from;
  options.trace_to = config.trace_to;
  options.mismatch_trace = config.mismatch_trace;
  options.export_folder = config.export_folder;
  return options;
}

/// Where the core runs, if that is asked for. Full batches and the rest are timed without numbers.
std::vector<CoreTime> expect_window(const CosimConfig& config, std::int64_t images,
                                    engines::SystemcEngine& plain) {
  const engines::ImagesResult timed = plain.time(images, config.trace.empty() ? 0 : kSpanLimit);
  plain.record(0);
  expect_window_in_run(config, timed.cycles);
  std::vector<CoreTime> times = core_times(config, plain.program(), timed);
  expect_window_in_layer(config, times);
  return times;
}

/// What the memories of the chip, if there is one, have as faults.
void describe(const experiment::Readout& readout, const chips::Chip* chip,
              const experiment::Conditions& at, bool weights_scaled, CosimRun& run) {
  run.weights = readout.weights;
  run.rate = at.weights.rate;
  if (chip != nullptr && weights_scaled) {
    run.rate = experiment::configured_rate(*chip, at.weights, readout.weights.repair.cell_rate);
  }
  run.memories =
      memory_uses({at.weights.voltage, run.rate}, at.others, chip != nullptr && chip->by_voltage(),
                  run.weights.read, run.other_memories);
}

/// Without the RTL: numbers and time.
void run_without_rtl(experiment::Experiment& experiment, engines::SystemcEngine& plain,
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

/// The RTL beside the array. Waves that end with a failed assertion of the RTL are kept, and the
/// failure is returned.
std::exception_ptr compare(experiment::Experiment& experiment, const experiment::Model& model,
                           const experiment::Target& target, const experiment::Readout& readout,
                           const experiment::Conditions& at, const std::filesystem::path& trace,
                           CosimRun& run) {
  cosim::CheckOptions options = check_options(run.config);
  options.trace = trace;
  const auto array = std::make_shared<cosim::CheckedArray>(*target.config().accelerator, options);
  array->set_supply(at.weights.voltage, at.others.accumulators.voltage);
  engines::SystemcEngine engine(model.network, target.programs(), model.file.string(), array);
  CheckedEngine checked(engine, *array, model.network);
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
  if (failure) return failure;
  add_layers(*array, *target.program(), run);
  run.first_mismatch = array->first_mismatch();
  run.mismatch_waves = array->mismatch_waves();
  run.traced_cycles = array->traced_cycles();
  run.rtl_seconds = array->seconds();
  return nullptr;
}

/// Calls write(file) for the waves, which become `trace` as a whole or not at all.
template <typename Write>
void write_waves(const std::filesystem::path& trace, const Write& write) {
  write_atomically(trace, [&](const std::filesystem::path& temporary) {
    const bool vcd = cosim::wave_format(trace) == cosim::WaveFormat::kVcd;
    const std::filesystem::path fst = temporary.string() + (vcd ? ".fst" : "");
    // The writer of FST files writes a second file beside it.
    const RemoveOnInterrupt waves({temporary, fst, fst.string() + ".hier"});
    write(fst);
    if (!vcd) return;
    std::error_code ignored;
    try {
      cosim::write_vcd(fst, temporary);
    } catch (...) {
      std::filesystem::remove(fst, ignored);
      throw;
    }
    std::filesystem::remove(fst, ignored);
  });
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

CosimRun run_cosim(CosimConfig config, bool quiet) {
  const Clock::time_point start = Clock::now();
  CosimRun run;
  run.config = std::move(config);
  const experiment::Setup& setup = run.config.setup;
  cosim::check_core(*setup.target.accelerator);
  const experiment::Supplies supplies = setup.supplies();
  experiment::Conditions at;
  std::unique_ptr<chips::Chip> chip;
  if (run.config.voltage) {
    at = supplies.at(*run.config.voltage);
    chip = chips::make_chip(run.config.chip);
    run.chip_note = chip->note();
  }
  const experiment::Model model = experiment::load_model(run.config.model);
  run.model = model.name;
  run.model_sha256 = model.sha256;
  const experiment::Target target(model, setup.target);
  const auto plain = std::make_shared<engines::SystemcEngine>(model.network, target.programs(),
                                                              model.file.string());
  if (!run.config.layer.empty()) expect_matrix_layer(*target.program(), run.config.layer);
  const experiment::OpenImages images = experiment::open(setup.images);
  engines::check_fits(model.network, *images.data, model.file.string());
  run.images = images.count;
  const std::vector<CoreTime> times = expect_window(run.config, images.count, *plain);
  if (!run.config.export_folder.empty()) cosim::prepare_export(run.config.export_folder);

  experiment::Experiment experiment(model, images, setup, target, plain, /*threads=*/1);
  const experiment::Readout readout = experiment.read(chip.get(), at);
  Progress progress("cosim", 2, quiet);
  run_without_rtl(experiment, *plain, readout, run);
  describe(readout, chip.get(), at, supplies.weights_scaled(), run);
  progress.advance(1, "RTL");

  std::exception_ptr failure;
  const auto compare_into = [&](const std::filesystem::path& waves) {
    failure = compare(experiment, model, target, readout, at, waves, run);
  };
  if (run.config.trace.empty()) {
    compare_into({});
  } else {
    write_waves(run.config.trace, compare_into);
  }
  if (failure) std::rethrow_exception(failure);
  if (!run.config.trace.empty() && run.traced_cycles == 0 && !run.first_mismatch) {
    run.next_core = next_core(run.config, times);
  }
  progress.advance(1);
  progress.finish();
  run.wall_seconds = seconds_since(start);
  return run;
}

}  // namespace brownout::sweep
