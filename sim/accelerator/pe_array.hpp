// SPDX-License-Identifier: Apache-2.0
// PE array and accumulators: strips through the array model, its time from the tile formulas.
#pragma once

#include <cstdint>
#include <systemc>
#include <vector>

#include "sim/accelerator/activation_scratchpad.hpp"
#include "sim/accelerator/array_model.hpp"
#include "sim/accelerator/dma.hpp"
#include "sim/accelerator/run_state.hpp"
#include "sim/accelerator/weight_loader.hpp"

namespace brownout::accelerator {

class PeArray : public sc_core::sc_module {
 public:
  sc_core::sc_fifo_in<StripToken> in{"in"};
  sc_core::sc_fifo_out<StripToken> out{"out"};

  PeArray(const sc_core::sc_module_name& name, RunState& state, WeightLoader& loader, Dma& dma,
          ActivationScratchpad& activations);

  void configure(ArrayModel& array);

  /// The sequencer begins a layer: the array idles from now on.
  void begin_layer();
  /// The vector unit has drained a half.
  void half_is_free();
  /// Accumulators of the layer: pixels of the batch × output channels.
  std::int32_t* accumulators() { return accumulators_.data(); }
  /// From here on the array model has the sums of the layer.
  void end_layer(mapping::LayerIndex layer);
  /// Sums of the layer's activations that faulty accumulators have changed.
  const std::vector<SumLane>& sum_lanes() const { return array_->sum_lanes(); }
  /// The cycle in which the last vector of the last strip has entered.
  std::int64_t idle_since() const { return idle_since_; }

 private:
  void run();
  void stream(const StripToken& token);
  void count(const mapping::LayerProgram& layer, const mapping::Strip& strip, LayerTally& tally);

  RunState& state_;
  WeightLoader& loader_;
  Dma& dma_;
  ActivationScratchpad& activations_;
  ArrayModel* array_ = nullptr;
  int free_halves_ = 2;
  sc_core::sc_event half_event_{"half_event"};
  std::vector<std::int32_t> accumulators_;
  Table<mapping::LayerIndex, std::vector<bool>> last_of_chunk_;  // by strip
  std::int64_t idle_since_ = 0;
};

}  // namespace brownout::accelerator
