// SPDX-License-Identifier: Apache-2.0
// Bursts of both channels, one after the other on the bus.
#include "sim/accelerator/dma.hpp"

#include <algorithm>

#include "sim/accelerator/cycles.hpp"
#include "sim/accelerator/thread.hpp"
#include "sim/base/error.hpp"

namespace brownout::accelerator {

Dma::Dma(const sc_core::sc_module_name& name, RunState& state) : sc_module(name), state_(state) {
  SC_HAS_PROCESS(Dma);
  SC_THREAD(weight_channel);
  SC_THREAD(activation_channel);
}

void Dma::configure(const mapping::DmaConfig& config, std::int64_t dram_latency) {
  config_ = config;
  dram_latency_ = dram_latency;
  chunks_.clear();
  if (state_.program->accelerator.weights.residency == mapping::WeightResidency::kStreamed) {
    for (const mapping::LayerIndex i : state_.program->layers.indices()) {
      for (const mapping::Chunk& chunk : state_.program->layers[i].chunks) {
        chunks_.push_back({i, &chunk});
      }
    }
  }
  chunks_wanted_ = chunks_loaded_ = chunks_released_ = 0;
  transfers_done_ = 0;
}

void Dma::start_weights(std::int64_t batches) {
  const std::int64_t round = chunks_.size();
  chunks_wanted_ += batches * round;
  start_event_.notify(sc_core::SC_ZERO_TIME);
}

void Dma::wait_for_chunk(std::int64_t index) {
  while (chunks_loaded_ <= index) sc_core::wait(loaded_event_);
}

void Dma::release_chunk() {
  ++chunks_released_;
  released_event_.notify(sc_core::SC_ZERO_TIME);
}

void Dma::wait_for_transfers(std::int64_t count) {
  while (transfers_done_ < count) sc_core::wait(transfer_event_);
}

void Dma::weight_channel() {
  guarded(state_, [this] {
    for (;;) {
      while (chunks_loaded_ >= chunks_wanted_) wait(start_event_);
      const std::int64_t round = chunks_.size();
      const std::int64_t event = chunks_loaded_ % round;
      // The half was last used by the chunk before the last, or, where a round with an odd number
      // of chunks begins anew, by the last one.
      const bool same_half = event == 0 && round % 2 == 1;
      const std::int64_t user = chunks_loaded_ - (same_half ? 1 : 2);
      while (chunks_released_ <= user) wait(released_event_);
      LoadExtension load;
      load.batch = state_.first_batch + chunks_loaded_ / round;
      load.load_event = event;
      move_chunk(chunks_[event], load);
      ++chunks_loaded_;
      loaded_event_.notify(sc_core::SC_ZERO_TIME);
    }
  });
}

void Dma::move_chunk(const LayerChunk& chunk, LoadExtension load) {
  for (const mapping::WordRange& range : chunk.chunk->ranges) {
    move(weights,
         {false, chunk.layer, range.dram_word * 8, range.word * 8, range.words * 8, &load});
    state_.layer(chunk.layer).counts.weight_writes += range.words;
  }
}

void Dma::activation_channel() {
  guarded(state_, [this] {
    for (;;) {
      const Transfer transfer = transfers.read();
      move(activations, transfer);
      EventCounts& counts = state_.layer(transfer.layer).counts;
      (transfer.to_dram ? counts.activation_reads : counts.activation_writes) += transfer.bytes;
      ++transfers_done_;
      transfer_event_.notify(sc_core::SC_ZERO_TIME);
    }
  });
}

void Dma::move(tlm_utils::simple_initiator_socket<Dma>& scratchpad, const Transfer& transfer) {
  const std::int64_t begin = now();
  tlm::tlm_generic_payload payload;
  std::vector<std::uint8_t> buffer(std::min<std::int64_t>(config_.burst_bytes, transfer.bytes));
  payload.set_data_ptr(buffer.data());
  payload.set_byte_enable_ptr(nullptr);
  if (transfer.load != nullptr) payload.set_extension(transfer.load);
  for (std::int64_t done = 0; done < transfer.bytes; done += config_.burst_bytes) {
    const std::int64_t bytes = std::min<std::int64_t>(config_.burst_bytes, transfer.bytes - done);
    bus_.lock();
    sc_core::sc_time dram_delay;
    sc_core::sc_time port_delay;
    const auto access_one = [&](tlm_utils::simple_initiator_socket<Dma>& socket, bool write,
                                std::int64_t address, sc_core::sc_time& delay) {
      payload.set_command(write ? tlm::TLM_WRITE_COMMAND : tlm::TLM_READ_COMMAND);
      payload.set_address(address + done);
      payload.set_data_length(static_cast<unsigned>(bytes));
      payload.set_streaming_width(static_cast<unsigned>(bytes));
      payload.set_response_status(tlm::TLM_INCOMPLETE_RESPONSE);
      socket->b_transport(payload, delay);
      BROWNOUT_CHECK(payload.is_response_ok(), "{} of {} bytes at {} of {}: {}",
                     write ? "write" : "read", bytes, address + done, socket.name(),
                     payload.get_response_string());
    };
    if (transfer.to_dram) {
      access_one(scratchpad, false, transfer.address, port_delay);
      access_one(dram, true, transfer.dram_address, dram_delay);
    } else {
      access_one(dram, false, transfer.dram_address, dram_delay);
      access_one(scratchpad, true, transfer.address, port_delay);
    }
    // The DRAM's latency counts once: later bursts of a transfer are requested ahead of time.
    std::int64_t bus = cycles_of(dram_delay);
    if (done > 0) bus -= dram_latency_;
    const std::int64_t latency = done == 0 ? dram_latency_ : 0;
    const std::int64_t engine = (bytes + config_.bytes_per_cycle - 1) / config_.bytes_per_cycle;
    wait_cycles(config_.setup_cycles + latency +
                std::max({bus - latency, engine, cycles_of(port_delay)}));
    bus_.unlock();
    EventCounts& counts = state_.layer(transfer.layer).counts;
    (transfer.to_dram ? counts.dram_write_bytes : counts.dram_read_bytes) += bytes;
  }
  payload.clear_extension<LoadExtension>();  // it is the caller's
  // The channels wait for each other on the bus, so each one has its own track.
  SpanWork work;
  work.bytes = transfer.bytes;
  work.to_dram = transfer.to_dram;
  state_.span(&scratchpad == &weights ? Module::kWeightDma : Module::kActivationDma, transfer.layer,
              std::nullopt, begin, now(), work);
}

}  // namespace brownout::accelerator
