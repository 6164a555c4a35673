// SPDX-License-Identifier: Apache-2.0
// Sequencer: executes the program batch after batch, and fetches the next batch at the same time.
#pragma once

#include <cstdint>
#include <memory>
#include <systemc>

#include "sim/accelerator/accelerator.hpp"
#include "sim/accelerator/block.hpp"
#include "sim/accelerator/dma.hpp"
#include "sim/accelerator/strip_token.hpp"

namespace brownout::accelerator {

/// A run: its batches, and where they come from and go on the host's side.
struct Work {
  const std::uint8_t* pixels = nullptr;  // batches × input bytes; null: what the memory holds
  float* logits = nullptr;  // batches × batch × classes; null: they stay in the memory
  std::int64_t batches = 0;
  std::int64_t first_batch = 0;  // its number, for fresh draws
};

class Sequencer : public Block {
 public:
  sc_core::sc_fifo_out<StripToken> out{"out"};
  sc_core::sc_fifo_out<Transfer> transfers{"transfers"};
  sc_core::sc_port<TransfersIf> dma{"dma"};
  sc_core::sc_port<WeightLayersIf> weights{"weights"};
  sc_core::sc_port<ActivationsIf> activations{"activations"};
  sc_core::sc_port<LayersIf> array{"array"};
  sc_core::sc_port<LayerEndIf> vector{"vector"};

  explicit Sequencer(const sc_core::sc_module_name& name, const Clock& clock = Clock());

  void configure(std::shared_ptr<const mapping::Program> program, bool compute);
  /// Starts a run; the one before must have ended.
  void start(const Work& work);
  bool done() const { return done_; }
  /// The run ends after the batch that it is at. The next one needs configure() first.
  void stop() { stopping_ = true; }
  /// The run has failed: what is left of it must not touch the host's pixels and logits, which may
  /// be gone.
  void abandon() { work_.pixels = nullptr, work_.logits = nullptr; }

 private:
  void before_end_of_elaboration() override;
  void run();
  void run_batches();
  void run_layer(mapping::LayerIndex layer, std::int64_t batch);
  void fetch_input(std::int64_t batch);
  /// Applies the batch's faults: to its pixels, which have arrived, and to the accumulators.
  void draw_faults(std::int64_t batch);
  void store_output(std::int64_t batch);
  /// The logits of a batch have left the accelerator.
  void hand_over(std::int64_t batch);

  std::shared_ptr<const mapping::Program> program_;
  MemoryLayout layout_;
  bool compute_ = true;
  Work work_;
  bool stopping_ = false;
  sc_core::sc_event start_event_{"start"};
  std::int64_t run_begin_ = 0;
  std::int64_t chunk_base_ = 0;       // streamed chunks of the batches before, since configure()
  std::int64_t transfers_asked_ = 0;  // likewise
  bool done_ = true;
};

}  // namespace brownout::accelerator
