// SPDX-License-Identifier: Apache-2.0
// Vector unit with L lanes: drains the accumulators, normalizes, activates, pools, requantizes.
#pragma once

#include <cstdint>
#include <memory>
#include <systemc>
#include <vector>

#include "sim/accelerator/block.hpp"
#include "sim/accelerator/strip_token.hpp"
#include "sim/datapath/step_output.hpp"

namespace brownout::accelerator {

class VectorModule : public Block, public LayerEndIf {
 public:
  sc_core::sc_fifo_in<StripToken> in{"in"};
  sc_core::sc_port<AccumulatorsIf> array{"array"};
  sc_core::sc_port<ParametersIf> loader{"loader"};
  sc_core::sc_port<ActivationsIf> activations{"activations"};

  explicit VectorModule(const sc_core::sc_module_name& name, const Clock& clock = Clock());

  /// Without `compute` time passes and nothing is computed.
  void configure(std::shared_ptr<const mapping::Program> program, network::SharedNetwork network,
                 const network::Shapes& shapes, bool compute);

  const sc_core::sc_event& layer_done() const override { return layer_done_; }

 private:
  void before_end_of_elaboration() override;
  void run();
  void drain(const StripToken& token);
  void whole_layer(const StripToken& token);
  /// The numbers of all images of the batch at once, when the last strip has left.
  void compute(const StripToken& token);
  std::uint8_t* value(network::ValueIndex value, int image, const StripToken& token);
  /// What faulty memories do to the layer's numbers, by image; empty: nothing.
  std::vector<datapath::StepFaults> faults_of(const StripToken& token);
  /// Where the step's output of an image goes.
  const mapping::Region& output_region(const mapping::LayerProgram& layer) const;
  std::int64_t reserve_output(const mapping::LayerProgram& layer, std::int64_t earliest,
                              std::int64_t cycles);
  void count(const mapping::LayerProgram& layer, LayerTally& tally);

  sc_core::sc_event layer_done_{"layer_done"};
  std::shared_ptr<const mapping::Program> program_;
  bool compute_ = true;
  std::vector<StripGates> gates_;  // of the layer's strips
  network::SharedNetwork network_;
  network::Shapes shapes_;
  Table<mapping::LayerIndex, std::unique_ptr<datapath::StepOutput>> outputs_;
  Table<mapping::LayerIndex, std::uint64_t> generations_;  // of the parameters they hold
  datapath::StepScratch scratch_;
};

}  // namespace brownout::accelerator
