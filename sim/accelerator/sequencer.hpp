// SPDX-License-Identifier: Apache-2.0
// Sequencer: executes the program batch after batch, and fetches the next batch at the same time.
#pragma once

#include <cstdint>
#include <systemc>

#include "sim/accelerator/array_model.hpp"
#include "sim/accelerator/dma.hpp"
#include "sim/accelerator/dram.hpp"
#include "sim/accelerator/pe_array.hpp"
#include "sim/accelerator/run_state.hpp"
#include "sim/accelerator/vector_module.hpp"
#include "sim/accelerator/weight_scratchpad.hpp"

namespace brownout::accelerator {

/// Where batches come from and where logits go, on the host's side.
struct HostMemory {
  const std::uint8_t* pixels = nullptr;  // batches × input bytes
  float* logits = nullptr;               // batches × batch × classes
  std::int64_t batches = 0;
};

class Sequencer : public sc_core::sc_module {
 public:
  sc_core::sc_fifo_out<StripToken> out{"out"};
  sc_core::sc_event start{"start"};

  Sequencer(const sc_core::sc_module_name& name, RunState& state, Dram& dram, Dma& dma,
            PeArray& array, VectorModule& vector, WeightScratchpad& weights,
            ActivationScratchpad& activations);

  /// There are no faults then.
  void configure(network::SharedNetwork network, ArrayModel& array);
  void set_accumulator_faults(const memory::FaultList& faults, const memory::Draws& draws);
  void set_work(const HostMemory& host);
  bool done() const { return done_; }

 private:
  void run();
  void run_batches();
  void run_layer(mapping::LayerIndex layer);
  void fetch_input(std::int64_t batch);
  /// Applies the batch's faults: to its pixels, which have arrived, and to the accumulators.
  void draw_faults(std::int64_t batch);
  void store_output(std::int64_t batch);
  /// DRAM addresses of the double-buffered input and output.
  std::int64_t input_address(std::int64_t batch) const;
  std::int64_t output_address(std::int64_t batch) const;

  RunState& state_;
  Dram& dram_;
  Dma& dma_;
  PeArray& array_;
  VectorModule& vector_;
  WeightScratchpad& weights_;
  ActivationScratchpad& activations_;
  network::SharedNetwork network_;
  ArrayModel* model_ = nullptr;
  HostMemory host_;
  memory::FaultList accumulator_faults_;
  memory::Draws draws_;
  std::int64_t transfers_ = 0;  // asked for
  bool done_ = true;
};

}  // namespace brownout::accelerator
