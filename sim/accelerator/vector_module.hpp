// SPDX-License-Identifier: Apache-2.0
// Vector unit with L lanes: drains the accumulators, normalizes, activates, pools, requantizes.
#pragma once

#include <cstdint>
#include <memory>
#include <systemc>
#include <vector>

#include "sim/accelerator/activation_scratchpad.hpp"
#include "sim/accelerator/pe_array.hpp"
#include "sim/accelerator/run_state.hpp"
#include "sim/accelerator/weight_loader.hpp"
#include "sim/datapath/step_output.hpp"

namespace brownout::accelerator {

class VectorModule : public sc_core::sc_module {
 public:
  sc_core::sc_fifo_in<StripToken> in{"in"};
  sc_core::sc_event layer_done{"layer_done"};

  VectorModule(const sc_core::sc_module_name& name, RunState& state, PeArray& array,
               WeightLoader& loader, ActivationScratchpad& activations);

  void configure(network::SharedNetwork network, const network::Shapes& shapes);
  /// Which of the two input buffers holds the batch.
  void set_input_buffer(int buffer) { input_buffer_ = buffer; }

 private:
  void run();
  void drain(const StripToken& token);
  void whole_layer(const StripToken& token);
  /// The numbers of all images of the batch at once, when the last strip has left.
  void compute(mapping::LayerIndex layer);
  std::uint8_t* value(network::ValueIndex value, int image);
  /// What faulty memories do to the layer's numbers, by image; empty: nothing.
  std::vector<datapath::StepFaults> faults_of(mapping::LayerIndex layer);
  /// Where the step's output of an image goes.
  const mapping::Region& output_region(const mapping::LayerProgram& layer) const;
  std::int64_t reserve_output(const mapping::LayerProgram& layer, std::int64_t earliest,
                              std::int64_t cycles);
  void count(const mapping::LayerProgram& layer, LayerTally& tally);

  RunState& state_;
  PeArray& array_;
  WeightLoader& loader_;
  ActivationScratchpad& activations_;
  network::SharedNetwork network_;
  network::Shapes shapes_;
  Table<mapping::LayerIndex, std::unique_ptr<datapath::StepOutput>> outputs_;
  Table<mapping::LayerIndex, std::uint64_t> generations_;  // of the parameters they hold
  datapath::StepScratch scratch_;
  int input_buffer_ = 0;
};

}  // namespace brownout::accelerator
