// SPDX-License-Identifier: Apache-2.0
// Time first, for the trace window; then without the RTL; then with it.
#include "sim/sweep/cosim_run.hpp"

#include <fmt/format.h>

#include <chrono>
#include <cmath>
#include <exception>
#include <memory>

#include "sim/accelerator/systemc_engine.hpp"
#include "sim/base/error.hpp"
#include "sim/base/files.hpp"
#include "sim/base/progress.hpp"
#include "sim/base/text.hpp"
#include "sim/inference/evaluate.hpp"
#include "sim/mapping/faulty_reader.hpp"
#include "sim/memory/chip.hpp"
#include "sim/sweep/configuration.hpp"
#include "sim/sweep/evaluator.hpp"
#include "sim/technology/technology.hpp"

namespace brownout::sweep {

namespace {

using Clock = std::chrono::steady_clock;

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

/// Before anything takes time.
void expect_export_folder(const std::filesystem::path& folder) {
  if (folder.empty()) return;
  try {
    make_folder(folder);
    check_writable(folder / "manifest.json", 1);
  } catch (const InputError& error) {
    throw InputError("--export: {}", error.what());
  }
}

/// Full batches and the rest are two runs of the engine; the waves and mismatches count on.
class CheckedEngine final : public inference::Engine {
 public:
  CheckedEngine(accelerator::SystemcEngine& engine, cosim::CheckedArray& array,
                const network::Network& network)
      : engine_(engine), array_(array), network_(network) {}

  void set_codes(const network::Codes& codes) override { engine_.set_codes(codes); }
  void run(const std::uint8_t* pixels, int count, float* logits, int worker) override {
    const int batch = engine_.program().batch;
    const int full = count - count % batch;
    if (full > 0) part(pixels, full, logits, worker);
    if (full < count) {
      part(pixels + full * network_.input.size(), count - full,
           logits + std::ptrdiff_t{full} * network_.classes, worker);
    }
  }
  int preferred_batch() const override { return engine_.preferred_batch(); }
  std::string name() const override { return engine_.name(); }

  std::int64_t cycles() const { return cycles_; }

 private:
  void part(const std::uint8_t* pixels, int count, float* logits, int worker) {
    array_.set_origin(cycles_);
    engine_.run(pixels, count, logits, worker);
    cycles_ += engine_.result().cycles;
  }

  accelerator::SystemcEngine& engine_;
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
  cosim::check_core(config.accelerator);
  double voltage = 1.0;
  std::unique_ptr<memory::Chip> chip;
  if (config.voltage) {
    const technology::Technology technology = technology::Technology::load(config.technology_file);
    voltage = *config.voltage;
    run.technology = technology.name();
    run.rate = technology.bit_error_rate(voltage);
    chip = memory::make_chip(config.chip);
  }
  const Model model = load_model(config.model);
  run.model = model.name;
  run.model_sha256 = model.sha256;
  accelerator::SystemcEngine plain(model.network, config.accelerator, config.batch,
                                   config.bit_offset, model.file.string());
  const mapping::Program& program = plain.program();
  if (!config.layer.empty()) expect_matrix_layer(program, config.layer);
  const network::Dataset data =
      network::load_dataset(config.dataset, config.split, config.data_folder);
  if (config.images > data.size()) {
    throw InputError("--images: expected an integer in [1, {}], the images of {} ({}), got {}",
                     data.size(), config.dataset, to_string(config.split), config.images);
  }
  inference::check_fits(model.network, data, model.file.string());
  expect_window_in_run(config, plain.time(config.images).cycles);

  expect_export_folder(config.export_folder);

  mapping::FaultyReader reader(model.network, program.placement);
  memory::FaultList faults;
  if (chip != nullptr && config.accelerator.weights.scaled_supply) {
    faults =
        chip->faults(memory::MemoryId::kWeights, reader.placement().words, {voltage, run.rate});
    reader.read(faults, config.evaluation_seed, &run.read);
  } else {
    voltage = 1.0;
  }

  Progress progress("cosim", 2, quiet);
  plain.set_chip({}, faults, config.evaluation_seed);
  run.logits_sha256 =
      inference::evaluate(plain, model.network, data, config.images, 1, /*hash_logits=*/true)
          .logits_sha256;
  run.run_cycles = plain.result().cycles;
  run.systemc_seconds = plain.result().seconds;
  progress.advance(1, "RTL");

  std::exception_ptr failure;
  const auto compare = [&](const std::filesystem::path& trace) {
    cosim::CheckOptions options = check_options(config);
    options.trace = trace;
    const auto array = std::make_shared<cosim::CheckedArray>(config.accelerator, options);
    array->set_supply(voltage);
    accelerator::SystemcEngine engine(model.network, config.accelerator, config.batch,
                                      config.bit_offset, model.file.string(), array);
    engine.set_chip({}, faults, config.evaluation_seed);
    CheckedEngine checked(engine, *array, model.network);
    try {
      const std::string logits =
          inference::evaluate(checked, model.network, data, config.images, 1, true).logits_sha256;
      BROWNOUT_CHECK(logits == run.logits_sha256 && checked.cycles() == run.run_cycles,
                     "logits {} and {} cycles beside the RTL, {} and {} without", logits,
                     checked.cycles(), run.logits_sha256, run.run_cycles);
    } catch (const RunError&) {
      // Waves that end with a failed assertion of the RTL are worth keeping.
      failure = std::current_exception();
    }
    array->close_trace();
    if (failure) return;
    for (std::size_t i = 0; i < program.layers.size(); ++i) {
      const mapping::LayerProgram& layer = program.layers[i];
      if (layer.k == 0 || (!config.layer.empty() && layer.name != config.layer)) continue;
      run.layers.push_back({layer.name, array->records()[i], array->checks()[i]});
      run.total += run.layers.back();
    }
    run.total.name = "all";
    run.first_mismatch = array->first_mismatch();
    run.mismatch_waves = array->mismatch_waves();
    run.traced_cycles = array->traced_cycles();
    run.rtl_seconds = array->seconds();
  };
  if (config.trace.empty()) {
    compare({});
  } else {
    write_atomically(config.trace, compare);
  }
  if (failure) std::rethrow_exception(failure);
  progress.advance(1);
  progress.finish();
  run.config = std::move(config);
  run.wall_seconds = seconds_since(start);
  return run;
}

}  // namespace brownout::sweep
