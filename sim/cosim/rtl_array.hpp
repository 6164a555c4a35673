// SPDX-License-Identifier: Apache-2.0
// The Verilated core, in place of the accelerator's array. A layer is one job. The core reads its
// own copy of the weight scratchpad through its own fault masks.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "sim/accelerator/array_model.hpp"
#include "sim/cosim/core.hpp"

namespace brownout::cosim {

/// The commands and strips of a layer; vectors and writes are still missing.
Job layer_job(const mapping::Program& program, const network::Network& network,
              mapping::LayerIndex layer);

/// Appends q − z of every tile's vectors, for `images` images NHWC.
void add_vectors(Job& job, const mapping::Program& program, mapping::LayerIndex layer,
                 const std::uint8_t* q, std::int64_t image_stride, int images, int zero_point,
                 int rows);

/// A layer's time on the RTL side: the job, and the vector unit after it.
std::int64_t layer_cycles(const mapping::Program& program, mapping::LayerIndex layer,
                          const JobTimes& times);

/// The masks of faulty accumulators while layer `layer` runs.
AccumulatorFaults accumulator_faults(const mapping::AcceleratorConfig& accelerator,
                                     const memory::FaultList& faults, const memory::Draws& draws,
                                     mapping::LayerIndex layer);

/// What a layer took on both sides.
struct LayerRecord {
  std::int64_t rtl_cycles = 0, systemc_cycles = 0;
  std::int64_t tiles = 0, strips = 0;
};

class RtlArray : public accelerator::ArrayModel {
 public:
  /// check_core() must have passed.
  explicit RtlArray(const mapping::AcceleratorConfig& accelerator);
  /// Without a core: jobs are made, but run_job() has to do without one.
  explicit RtlArray(const CoreShape& shape);

  void configure(std::shared_ptr<const mapping::Program> program, network::SharedNetwork network,
                 const memory::WordMemory& weights) override;
  void set_accumulator_faults(const memory::FaultList& faults, const memory::Draws& draws) override;
  void begin_layer(mapping::LayerIndex layer, const std::uint8_t* q, std::int64_t image_stride,
                   int images, int zero_point, std::int64_t cycle) override;
  void write(std::int64_t word, std::int64_t count, const std::uint64_t* data,
             std::int64_t cycle) override;
  void load(mapping::LayerIndex layer, std::size_t column_tile, const std::int8_t* n) override;
  void run(mapping::LayerIndex layer, const mapping::Strip& strip, std::int32_t* acc,
           std::int64_t stride) override;
  /// RunError when the core's column sums are not those of its input.
  void end_layer(mapping::LayerIndex layer, const std::vector<accelerator::StripGates>& gates,
                 std::int64_t cycles, std::int32_t* acc, std::int64_t stride) override;
  const std::vector<accelerator::SumLane>& sum_lanes() const override { return sum_lanes_; }
  std::vector<std::int64_t> measured_cycles() const override;
  std::string name() const override { return "rtl"; }

  /// Summed over all jobs so far.
  const Table<mapping::LayerIndex, LayerRecord>& records() const { return records_; }
  /// Wall time in the core.
  double seconds() const { return seconds_; }

 protected:
  /// Runs the job. The default fetches the sums into `acc` and checks the column sums.
  virtual JobTimes run_job(mapping::LayerIndex layer, std::int32_t* acc, std::int64_t stride,
                           std::int64_t systemc_cycles);

  std::shared_ptr<const mapping::Program> program_;
  network::SharedNetwork network_;
  CoreShape shape_;
  std::unique_ptr<Core> core_;    // null: none
  Job job_;                       // of the layer that runs
  std::int64_t layer_begin_ = 0;  // since the run began
  // What the core's memory holds, except for the writes of job_.
  std::vector<WordFaults> faults_;
  std::vector<std::uint64_t> stored_;
  AccumulatorFaults accumulators_;
  std::vector<accelerator::SumLane> sum_lanes_;  // of the layer that ended last

 private:
  /// Makes the core's mode, cells and faults equal to those of the scratchpad.
  void mirror();
  void mirror_accumulators(mapping::LayerIndex layer);

  const memory::WordMemory* weights_ = nullptr;
  std::uint64_t generation_ = ~std::uint64_t{0};
  memory::CheckMode mode_;                                 // the core's
  std::unordered_map<std::uint32_t, WordFaults> redrawn_;  // by the writes of job_
  memory::FaultList accumulator_cells_;
  memory::Draws accumulator_draws_;
  bool accumulators_known_ = true;            // accumulators_ are those of the cells
  std::optional<mapping::LayerIndex> layer_;  // that runs
  Table<mapping::LayerIndex, Job> jobs_;      // without vectors; empty until first needed
  Table<mapping::LayerIndex, LayerRecord> records_;
  double seconds_ = 0.0;
};

}  // namespace brownout::cosim
