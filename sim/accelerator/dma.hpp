// SPDX-License-Identifier: Apache-2.0
// DMA engine: one channel for weights, one for activations, sharing the bus burst by burst.
#pragma once

#include <tlm_utils/simple_initiator_socket.h>

#include <cstdint>
#include <memory>
#include <systemc>
#include <vector>

#include "sim/accelerator/block.hpp"
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

class Dma : public Block, public ChunksIf, public TransfersIf {
 public:
  tlm_utils::simple_initiator_socket<Dma> dram{"dram"};
  tlm_utils::simple_initiator_socket<Dma> weights{"weights"};
  tlm_utils::simple_initiator_socket<Dma> activations{"activations"};
  sc_core::sc_fifo<Transfer> transfers{"transfers", 4};

  /// Address 0 of the program is byte `origin` of the memory.
  explicit Dma(const sc_core::sc_module_name& name, const Clock& clock = Clock(),
               std::uint64_t origin = 0);

  /// Of the delay that the memory annotates, up to `dram_latency` cycles count once in a transfer:
  /// later bursts are requested ahead of time.
  void configure(std::shared_ptr<const mapping::Program> program, const mapping::DmaConfig& config,
                 std::int64_t dram_latency);

  void wait_for_chunk(std::int64_t index) override;
  void release_chunk() override;
  void start_weights(std::int64_t batches, std::int64_t first_batch) override;
  void cancel_weights() override;
  void wait_for_transfers(std::int64_t count) override;
  void peek(std::int64_t address, void* to, std::int64_t bytes) override;
  void poke(std::int64_t address, const void* from, std::int64_t bytes) override;

 private:
  struct Burst {
    bool write = false;
    std::uint64_t address = 0;
    std::uint8_t* data = nullptr;
    unsigned bytes = 0;
  };
  struct LayerChunk {
    mapping::LayerIndex layer;
    const mapping::Chunk* chunk;
  };

  void before_end_of_elaboration() override;
  void weight_channel();
  void activation_channel();
  void move_chunk(const LayerChunk& chunk, LoadExtension load);
  /// Makes one transfer in bursts; the channels take turns.
  void move(tlm_utils::simple_initiator_socket<Dma>& scratchpad, const Transfer& transfer);
  /// One burst between a memory and `data`; returns the annotated delay. RunError, which names the
  /// memory, for a response that is not OK, for what the memory throws, and for one that breaks the
  /// rules of TLM-2.0.
  sc_core::sc_time burst(tlm_utils::simple_initiator_socket<Dma>& socket, const Burst& asked,
                         tlm::tlm_generic_payload& payload);
  void access_for_host(bool write, std::int64_t address, std::uint8_t* data, std::int64_t bytes);

  std::uint64_t origin_;
  std::shared_ptr<const mapping::Program> program_;
  mapping::DmaConfig config_;
  std::int64_t dram_latency_ = 0;
  sc_core::sc_mutex bus_{"bus"};
  std::vector<LayerChunk> chunks_;  // of a round, by load event
  std::int64_t chunks_wanted_ = 0, chunks_loaded_ = 0, chunks_released_ = 0;
  std::int64_t batch_of_round_0_ = 0;
  std::int64_t transfers_done_ = 0;
  sc_core::sc_event start_event_{"start_event"};
  sc_core::sc_event loaded_event_{"loaded_event"};
  sc_core::sc_event released_event_{"released_event"};
  sc_core::sc_event transfer_event_{"transfer_event"};
};

}  // namespace brownout::accelerator
