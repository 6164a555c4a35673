// SPDX-License-Identifier: Apache-2.0
// PE array and accumulators: strips through the array model, its time from the tile formulas.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <systemc>
#include <vector>

#include "sim/accelerator/array_model.hpp"
#include "sim/accelerator/block.hpp"
#include "sim/accelerator/strip_token.hpp"

namespace brownout::accelerator {

class PeArray : public Block, public WeightSinkIf, public LayersIf, public AccumulatorsIf {
 public:
  sc_core::sc_fifo_in<StripToken> in{"in"};
  sc_core::sc_fifo_out<StripToken> out{"out"};

  sc_core::sc_port<ShadowIf> loader{"loader"};
  sc_core::sc_port<ChunksIf> chunks{"chunks"};
  sc_core::sc_port<ActivationsIf> activations{"activations"};

  explicit PeArray(const sc_core::sc_module_name& name, const Clock& clock = Clock());

  /// `array` computes what the time is charged for; without `compute` it is not asked. Its faulty
  /// accumulators are none then.
  void configure(std::shared_ptr<const mapping::Program> program, network::SharedNetwork network,
                 std::shared_ptr<ArrayModel> array, bool compute);
  void set_accumulator_faults(const memory::FaultList& faults, const memory::Draws& draws);
  std::optional<std::int64_t> accumulator_bits_wrong() const {
    return array_->accumulator_bits_wrong();
  }

  void load(mapping::LayerIndex layer, std::size_t column_tile, const std::int8_t* n) override {
    array_->load(layer, column_tile, n);
  }
  void written(std::int64_t word, std::int64_t count, const std::uint64_t* data,
               std::int64_t cycle) override {
    array_->write(word, count, data, cycle);
  }
  void begin_layer(mapping::LayerIndex layer, std::int64_t cycle) override;
  std::int64_t idle_since() const override { return idle_since_; }
  void draw(std::int64_t batch) override;
  void half_is_free() override;
  void end_layer(mapping::LayerIndex layer, const std::vector<StripGates>& gates,
                 std::int64_t cycles) override;
  std::int32_t* accumulators() override { return accumulators_.data(); }
  const std::vector<SumLane>& sum_lanes() const override { return array_->sum_lanes(); }

 private:
  void before_end_of_elaboration() override;
  void run();
  void stream(const StripToken& token);
  void count(const mapping::LayerProgram& layer, const mapping::Strip& strip, LayerTally& tally);

  std::shared_ptr<const mapping::Program> program_;
  network::SharedNetwork network_;
  std::shared_ptr<ArrayModel> array_;
  bool compute_ = true;
  memory::FaultList accumulator_faults_;
  memory::Draws draws_;
  int free_halves_ = 2;
  sc_core::sc_event half_event_{"half_event"};
  std::vector<std::int32_t> accumulators_;
  Table<mapping::LayerIndex, std::vector<bool>> last_of_chunk_;  // by strip
  std::int64_t idle_since_ = 0;
};

}  // namespace brownout::accelerator
