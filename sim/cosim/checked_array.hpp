// SPDX-License-Identifier: Apache-2.0
// Behavioural array and RTL side by side. The run uses the behavioural sums. The RTL is compared
// with them: every word, every accumulator after every tile, every drained row, every tile's
// cycles. An export needs no RTL.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "sim/cosim/checker.hpp"
#include "sim/cosim/rtl_array.hpp"

namespace brownout::cosim {

struct CheckOptions {
  std::string layer;  // only this one; empty: all
  /// Waves of cycles [trace_from, trace_to) of the run; empty: none.
  std::filesystem::path trace;
  std::int64_t trace_from = 0, trace_to = 0;
  /// Waves around the first mismatch, .fst or .vcd.
  std::filesystem::path mismatch_trace = "cosim-mismatch.fst";
  /// The first job that is checked, as memory files with what it must come to (export_job); empty:
  /// none.
  std::filesystem::path export_folder;
  Pressure pressure;  // on the RTL and in the expected cycles; SystemC has none
  Sabotage sabotage;  // of the first job
};

class CheckedArray final : public RtlArray {
 public:
  /// check_core() must have passed.
  CheckedArray(const mapping::AcceleratorConfig& accelerator, CheckOptions options);
  /// Without RTL beside it nothing is compared; the first job is exported. Needs an export folder,
  /// takes neither waves nor sabotage.
  CheckedArray(const CoreShape& shape, CheckOptions options);
  ~CheckedArray() override;

  void configure(std::shared_ptr<const mapping::Program> program, network::SharedNetwork network,
                 const memory::WordMemory& weights) override;
  void set_accumulator_faults(const memory::FaultList& faults, const memory::Draws& draws) override;
  std::optional<std::int64_t> accumulator_bits_wrong() const override {
    return behavioural_->accumulator_bits_wrong();
  }
  void begin_layer(mapping::LayerIndex layer, const std::uint8_t* q, std::int64_t image_stride,
                   int images, int zero_point, std::int64_t cycle) override;
  void write(std::int64_t word, std::int64_t count, const std::uint64_t* data,
             std::int64_t cycle) override;
  void load(mapping::LayerIndex layer, std::size_t column_tile, const std::int8_t* n) override;
  void run(mapping::LayerIndex layer, const mapping::Strip& strip, std::int32_t* acc,
           std::int64_t stride) override;
  void end_layer(mapping::LayerIndex layer, const std::vector<accelerator::StripGates>& gates,
                 std::int64_t cycles, std::int32_t* acc, std::int64_t stride) override;
  const std::vector<accelerator::SumLane>& sum_lanes() const override {
    return behavioural_->sum_lanes();
  }
  std::string name() const override { return "cosim"; }

  const Table<mapping::LayerIndex, LayerCheck>& checks() const { return checks_; }
  const std::optional<Mismatch>& first_mismatch() const { return first_; }
  /// For the waves: supplies of the weight memory and the accumulators in units of Vmin.
  void set_supply(double weights, double accumulators = 1.0);
  /// The engine's next run begins in this cycle of the whole run (0 unless it is set).
  void set_origin(std::int64_t cycle) { origin_ = cycle; }
  /// Cycles of the window in which the core ran.
  std::int64_t traced_cycles() const { return traced_cycles_; }
  /// Completes the waves of the window.
  void close_trace() {
    if (core_) core_->close_trace();
  }
  /// The file with the waves around the first mismatch; empty when there was none, or when the file
  /// could not be written.
  const std::filesystem::path& mismatch_waves() const { return mismatch_waves_; }

 protected:
  JobTimes run_job(mapping::LayerIndex layer, std::int32_t* acc, std::int64_t stride,
                   std::int64_t systemc_cycles) override;

 private:
  bool checked(mapping::LayerIndex layer) const;
  /// The job, if an export is wanted and this is the first one.
  void export_first(const JobView& view);
  /// The same job again, from the same cells, with waves around `cycle`.
  void trace_again(std::int64_t cycle, const RunOptions& options);
  void count_traced(const RunOptions& options, std::int64_t cycles);

  CheckOptions options_;
  std::unique_ptr<accelerator::ArrayModel> behavioural_;
  /// By column tile: n_count × k.
  Table<mapping::LayerIndex, std::vector<std::vector<std::int8_t>>> weights_;
  Table<mapping::LayerIndex, LayerCheck> checks_;
  std::optional<Mismatch> first_;
  bool sabotaged_ = false;
  bool exported_ = false;
  double supply_ = 1.0, accumulator_supply_ = 1.0;
  std::int64_t origin_ = 0;
  std::int64_t traced_cycles_ = 0;
  std::filesystem::path mismatch_waves_;
  Table<mapping::LayerIndex, std::int64_t> images_done_;
  std::int64_t first_image_ = 0;  // of the layer that runs
};

}  // namespace brownout::cosim
