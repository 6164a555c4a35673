// SPDX-License-Identifier: Apache-2.0
// Both arrays get every call. A layer's job runs and is checked, and at the first mismatch it runs
// again with waves.
#include "sim/cosim/checked_array.hpp"

#include <algorithm>

#include "sim/base/error.hpp"
#include "sim/cosim/job_files.hpp"
#include "sim/cosim/predict.hpp"
#include "sim/cosim/wave_file.hpp"

namespace brownout::cosim {

namespace {

using mapping::ColumnTile;
using mapping::LayerIndex;
using mapping::LayerProgram;
using mapping::Strip;

// Cycles of waves before and after a mismatch.
constexpr std::int64_t kWavesBefore = 128, kWavesBehind = 32;

}  // namespace

CheckedArray::CheckedArray(const mapping::AcceleratorConfig& accelerator, CheckOptions options)
    : RtlArray(accelerator),
      options_(std::move(options)),
      behavioural_(accelerator::make_behavioural_array()) {
  if (!options_.trace.empty()) core_->open_trace(options_.trace);
}

CheckedArray::CheckedArray(const CoreShape& shape, CheckOptions options)
    : RtlArray(shape),
      options_(std::move(options)),
      behavioural_(accelerator::make_behavioural_array()) {
  BROWNOUT_CHECK(!options_.export_folder.empty() && options_.trace.empty(), "waves of no core: {}",
                 options_.trace.string());
}

CheckedArray::~CheckedArray() = default;

void CheckedArray::configure(std::shared_ptr<const mapping::Program> program,
                             network::SharedNetwork network, const memory::WordMemory& weights) {
  RtlArray::configure(program, network, weights);
  behavioural_->configure(program, network, weights);
  weights_.clear();
  for (const LayerProgram& layer : program->layers)
    weights_.emplace_back(layer.column_tiles.size());
  checks_.resize(program->layers.size());
  images_done_.resize(program->layers.size());
}

void CheckedArray::set_supply(double weights, double accumulators) {
  supply_ = weights;
  accumulator_supply_ = accumulators;
  if (core_) core_->set_supply(weights, accumulators);
}

void CheckedArray::set_accumulator_faults(const memory::FaultList& faults,
                                          const memory::Draws& draws) {
  RtlArray::set_accumulator_faults(faults, draws);
  behavioural_->set_accumulator_faults(faults, draws);
}

bool CheckedArray::checked(LayerIndex layer) const {
  return options_.layer.empty() || program_->layers[layer].name == options_.layer;
}

void CheckedArray::begin_layer(LayerIndex layer, const std::uint8_t* q, std::int64_t image_stride,
                               int images, int zero_point, std::int64_t cycle) {
  behavioural_->begin_layer(layer, q, image_stride, images, zero_point, cycle);
  if (checked(layer)) {
    RtlArray::begin_layer(layer, q, image_stride, images, zero_point, origin_ + cycle);
    LayerCheck& check = checks_[layer];
    if (check.first_cycle < 0) check.first_cycle = layer_begin_;
    first_image_ = images_done_[layer];
    images_done_[layer] += images;
  }
}

void CheckedArray::write(std::int64_t word, std::int64_t count, const std::uint64_t* data,
                         std::int64_t cycle) {
  RtlArray::write(word, count, data, cycle);
}

void CheckedArray::load(LayerIndex layer, std::size_t column_tile, const std::int8_t* n) {
  behavioural_->load(layer, column_tile, n);
  if (!checked(layer)) return;
  const LayerProgram& program = program_->layers[layer];
  const ColumnTile& tile = program.column_tiles[column_tile];
  weights_[layer][column_tile].assign(n, n + tile.n_count * program.k);
}

void CheckedArray::run(LayerIndex layer, const Strip& strip, std::int32_t* acc,
                       std::int64_t stride) {
  behavioural_->run(layer, strip, acc, stride);
}

void CheckedArray::end_layer(LayerIndex layer, const std::vector<accelerator::StripGates>& gates,
                             std::int64_t cycles, std::int32_t* acc, std::int64_t stride) {
  behavioural_->end_layer(layer, gates, cycles, acc, stride);
  if (checked(layer)) RtlArray::end_layer(layer, gates, cycles, acc, stride);
}

void CheckedArray::export_first(const JobView& view) {
  if (options_.export_folder.empty() || exported_) return;
  exported_ = true;
  ExpectedJob expected = expected_job(view);
  expected.supply = supply_;
  expected.accumulator_supply = accumulator_supply_;
  export_job(options_.export_folder, shape_, job_, expected);
}

JobTimes CheckedArray::run_job(LayerIndex layer, std::int32_t* acc, std::int64_t stride,
                               std::int64_t systemc_cycles) {
  const JobView view{program_->layers[layer],
                     weights_[layer],
                     job_,
                     shape_,
                     stored_,
                     faults_,
                     accumulators_,
                     acc,
                     stride,
                     layer_begin_,
                     first_image_};
  export_first(view);
  if (!core_) return predict(shape_, job_, options_.pressure);
  RunOptions options;
  options.pressure = options_.pressure;
  if (!sabotaged_) options.sabotage = options_.sabotage;
  sabotaged_ = true;
  options.trace_base = layer_begin_;
  options.trace_from = options_.trace_from - layer_begin_;
  options.trace_to = options_.trace_to - layer_begin_;
  Checker checker(view, checks_[layer]);
  JobTimes times;
  try {
    times = core_->run(job_, checker, options);
  } catch (const AssertionFailed& failed) {
    trace_again(failed.cycle, options);
    throw;
  }
  count_traced(options, times.cycles());
  checker.finish(times, predict(shape_, job_, options_.pressure));
  const bool pressed = options_.pressure.pressed();
  const std::int64_t cycles = layer_cycles(*program_, layer, times);
  if (!pressed && cycles != systemc_cycles) checker.layer_cycles_differ(systemc_cycles, cycles);
  checks_[layer].counters += times.counters;
  if (checker.first() && !first_) {
    first_ = checker.first();
    trace_again(first_->cycle - layer_begin_, options);
  }
  return times;
}

void CheckedArray::trace_again(std::int64_t cycle, const RunOptions& before) {
  /// Ignores everything: the first run has reported it already.
  class Deaf final : public Observer {
    void word(std::int64_t, std::size_t, std::uint32_t, const RawWord&) override {}
    void checked(std::int64_t, std::size_t, std::uint64_t, std::uint64_t) override {}
    void row(std::int64_t, std::size_t, int, const std::int32_t*) override {}
    void drained(std::int64_t, std::size_t, int, int, const std::int32_t*) override {}
    void parameter(std::int64_t, std::size_t, std::uint64_t, std::uint64_t, bool) override {}
    void surplus(std::int64_t, const char*) override {}
  };
  core_->close_trace();
  core_->reset();
  core_->set_faults(faults_);
  for (const WriteJob& write : job_.writes) {
    core_->write(write.word, write.data.size(), stored_.data() + write.word);
  }
  RunOptions options = before;
  options.trace_from = std::max<std::int64_t>(cycle - kWavesBefore, 0);
  options.trace_to = cycle + kWavesBehind;
  try {
    write_waves(options_.mismatch_trace, [&](const std::filesystem::path& file) {
      core_->open_trace(file);
      Deaf deaf;
      try {
        core_->run(job_, deaf, options);
      } catch (const RunError&) {
        // In this case the waves up to the failed assertion are wanted.
      }
      core_->close_trace();
    });
    mismatch_waves_ = options_.mismatch_trace;
  } catch (const Error&) {
    // The mismatch is reported even if its waves cannot be written.
  }
}

void CheckedArray::count_traced(const RunOptions& options, std::int64_t cycles) {
  if (options_.trace.empty() || first_) return;
  const std::int64_t from = std::max<std::int64_t>(options.trace_from, 0);
  traced_cycles_ += std::max<std::int64_t>(std::min(options.trace_to, cycles) - from, 0);
}

}  // namespace brownout::cosim
