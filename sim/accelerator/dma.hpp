// SPDX-License-Identifier: Apache-2.0
// DMA engine: one channel for weights, one for activations, sharing the bus burst by burst.
#pragma once

#include <tlm_utils/simple_initiator_socket.h>

#include <cstdint>
#include <systemc>
#include <vector>

#include "sim/accelerator/run_state.hpp"
#include "sim/accelerator/weight_scratchpad.hpp"
#include "sim/mapping/accelerator_config.hpp"

namespace brownout::accelerator {

/// A transfer of bytes between the DRAM and a scratchpad.
struct Transfer {
  bool to_dram = false;
  mapping::LayerIndex layer;  // that it is counted in
  std::int64_t dram_address = 0, address = 0, bytes = 0;
  LoadExtension* load = nullptr;  // of weights: travels with every burst
};
/// sc_fifo asks for it.
inline std::ostream& operator<<(std::ostream& out, const Transfer& transfer) {
  return out << transfer.bytes << " bytes at " << transfer.address;
}

class Dma : public sc_core::sc_module {
 public:
  tlm_utils::simple_initiator_socket<Dma> dram{"dram"};
  tlm_utils::simple_initiator_socket<Dma> weights{"weights"};
  tlm_utils::simple_initiator_socket<Dma> activations{"activations"};
  sc_core::sc_fifo<Transfer> transfers{"transfers", 4};

  Dma(const sc_core::sc_module_name& name, RunState& state);

  void configure(const mapping::DmaConfig& config, std::int64_t dram_latency);

  /// Starts `batches` rounds over the program's streamed chunks. Does nothing when it has none.
  void start_weights(std::int64_t batches);
  /// The loader needs chunk number `index` (counted over all rounds). Waits until it is there.
  void wait_for_chunk(std::int64_t index);
  /// The array has taken the last tile of the oldest chunk.
  void release_chunk();
  /// Waits until `count` transfers have ended since configure().
  void wait_for_transfers(std::int64_t count);

 private:
  struct LayerChunk {
    mapping::LayerIndex layer;
    const mapping::Chunk* chunk;
  };

  void weight_channel();
  void activation_channel();
  void move_chunk(const LayerChunk& chunk, LoadExtension load);
  /// Makes one transfer in bursts; the channels take turns.
  void move(tlm_utils::simple_initiator_socket<Dma>& scratchpad, const Transfer& transfer);

  RunState& state_;
  mapping::DmaConfig config_;
  std::int64_t dram_latency_ = 0;
  sc_core::sc_mutex bus_{"bus"};
  std::vector<LayerChunk> chunks_;  // of a round, by load event
  std::int64_t chunks_wanted_ = 0, chunks_loaded_ = 0, chunks_released_ = 0;
  std::int64_t transfers_done_ = 0;
  sc_core::sc_event start_event_{"start_event"};
  sc_core::sc_event loaded_event_{"loaded_event"};
  sc_core::sc_event released_event_{"released_event"};
  sc_core::sc_event transfer_event_{"transfer_event"};
};

}  // namespace brownout::accelerator
