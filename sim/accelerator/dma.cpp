// SPDX-License-Identifier: Apache-2.0
// Bursts of both channels, one after the other on the bus.
#include "sim/accelerator/dma.hpp"

#include <algorithm>
#include <utility>

#include "sim/accelerator/thrown.hpp"
#include "sim/base/error.hpp"

namespace brownout::accelerator {

namespace {
// Bytes that the host moves in one call.
constexpr std::int64_t kMostOfHost = std::int64_t{1} << 20;

/// An extension of a payload for as long as this object lives. It stays the caller's: the payload
/// would free what it still has at its end.
class LentExtension {
 public:
  /// `load` may be null.
  LentExtension(tlm::tlm_generic_payload& payload, LoadExtension* load) : payload_(payload) {
    if (load != nullptr) payload_.set_extension(load);
  }
  ~LentExtension() { payload_.clear_extension<LoadExtension>(); }
  LentExtension(const LentExtension&) = delete;
  LentExtension& operator=(const LentExtension&) = delete;

 private:
  tlm::tlm_generic_payload& payload_;
};

/// Calls a memory, which may be somebody else's and throw anything: that becomes a RunError, which
/// begins with what(). InputErrors too, because the accelerator's own input is not what is wrong.
template <typename What, typename Call>
void errors_as_run_errors(const What& what, const Call& call) {
  try {
    call();
  } catch (const sc_core::sc_unwind_exception&) {
    throw;  // the kernel's own
  } catch (const RunError&) {
    throw;
  } catch (...) {
    throw RunError("{}: the memory throws: {}", what(), text_of(std::current_exception()));
  }
}
}  // namespace

Dma::Dma(const sc_core::sc_module_name& name, const Clock& clock, std::uint64_t origin)
    : Block(name, clock), origin_(origin) {}

void Dma::before_end_of_elaboration() {
  SC_HAS_PROCESS(Dma);
  SC_THREAD(weight_channel);
  SC_THREAD(activation_channel);
}

void Dma::configure(std::shared_ptr<const mapping::Program> program,
                    const mapping::DmaConfig& config, std::int64_t dram_latency) {
  program_ = std::move(program);
  config_ = config;
  dram_latency_ = dram_latency;
  chunks_.clear();
  if (program_->accelerator.weights.residency == mapping::WeightResidency::kStreamed) {
    for (const mapping::LayerIndex i : program_->layers.indices()) {
      for (const mapping::Chunk& chunk : program_->layers[i].chunks) {
        chunks_.push_back({i, &chunk});
      }
    }
  }
  chunks_wanted_ = chunks_loaded_ = chunks_released_ = 0;
  transfers_done_ = 0;
}

void Dma::start_weights(std::int64_t batches, std::int64_t first_batch) {
  const std::int64_t round = chunks_.size();
  if (round > 0) batch_of_round_0_ = first_batch - chunks_wanted_ / round;
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

void Dma::cancel_weights() {
  chunks_wanted_ = std::min(chunks_wanted_, chunks_loaded_);
  released_event_.notify(sc_core::SC_ZERO_TIME);
}

void Dma::wait_for_transfers(std::int64_t count) {
  while (transfers_done_ < count) sc_core::wait(transfer_event_);
}

void Dma::weight_channel() {
  guarded([this] {
    for (;;) {
      while (chunks_loaded_ >= chunks_wanted_) wait(start_event_);
      const std::int64_t round = chunks_.size();
      const std::int64_t event = chunks_loaded_ % round;
      // The half was last used by the chunk before the last, or, where a round with an odd number
      // of chunks begins anew, by the last one.
      const bool same_half = event == 0 && round % 2 == 1;
      const std::int64_t user = chunks_loaded_ - (same_half ? 1 : 2);
      while (chunks_released_ <= user && chunks_loaded_ < chunks_wanted_) wait(released_event_);
      if (chunks_loaded_ >= chunks_wanted_) continue;  // cancelled
      LoadExtension load;
      load.batch = batch_of_round_0_ + chunks_loaded_ / round;
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
    recorder->layer(chunk.layer).counts.weight_writes += range.words;
  }
}

void Dma::activation_channel() {
  guarded([this] {
    for (;;) {
      const Transfer transfer = transfers.read();
      move(activations, transfer);
      EventCounts& counts = recorder->layer(transfer.layer).counts;
      (transfer.to_dram ? counts.activation_reads : counts.activation_writes) += transfer.bytes;
      ++transfers_done_;
      transfer_event_.notify(sc_core::SC_ZERO_TIME);
    }
  });
}

sc_core::sc_time Dma::burst(tlm_utils::simple_initiator_socket<Dma>& socket, const Burst& asked,
                            tlm::tlm_generic_payload& payload) {
  const tlm::tlm_command command = asked.write ? tlm::TLM_WRITE_COMMAND : tlm::TLM_READ_COMMAND;
  payload.set_command(command);
  payload.set_address(asked.address);
  payload.set_data_ptr(asked.data);
  payload.set_data_length(asked.bytes);
  payload.set_streaming_width(asked.bytes);
  payload.set_byte_enable_ptr(nullptr);
  payload.set_dmi_allowed(false);
  payload.set_response_status(tlm::TLM_INCOMPLETE_RESPONSE);
  const auto what = [&] {
    return fmt::format("{}: {} of {} bytes at address {:#x}", socket.name(),
                       asked.write ? "write" : "read", asked.bytes, asked.address);
  };
  sc_core::sc_time delay;
  if (&socket == &dram) {
    errors_as_run_errors(what, [&] { socket->b_transport(payload, delay); });
  } else {
    socket->b_transport(payload, delay);
  }
  if (!payload.is_response_ok()) {
    throw RunError("{}: the memory answers {}", what(), payload.get_response_string());
  }
  // The address is the one that a bus may change. Nobody may change the others.
  const char* const changed = payload.get_command() != command           ? "command"
                              : payload.get_data_ptr() != asked.data     ? "data pointer"
                              : payload.get_data_length() != asked.bytes ? "data length"
                                                                         : nullptr;
  if (changed != nullptr) {
    throw RunError("{}: the memory changes the {} of the payload, which TLM-2.0 forbids", what(),
                   changed);
  }
  // Half of what is left: what the accelerator adds must find a place as well.
  const sc_dt::uint64 left = (sc_core::sc_max_time() - sc_core::sc_time_stamp()).value();
  if (delay.value() > left / 2) {
    throw RunError(
        "{}: the memory annotates a delay of {}; expected one before the end of time ({})", what(),
        delay.to_string(), sc_core::sc_max_time().to_string());
  }
  return delay;
}

void Dma::move(tlm_utils::simple_initiator_socket<Dma>& scratchpad, const Transfer& transfer) {
  const std::int64_t begin = now();
  tlm::tlm_generic_payload payload;
  std::vector<std::uint8_t> buffer(std::min<std::int64_t>(config_.burst_bytes, transfer.bytes));
  for (std::int64_t done = 0; done < transfer.bytes; done += config_.burst_bytes) {
    const std::int64_t bytes = std::min<std::int64_t>(config_.burst_bytes, transfer.bytes - done);
    bus_.lock();
    const std::int64_t from = now();
    std::int64_t bus = 0;     // the DRAM's time: what it waits itself and what it annotates
    std::int64_t hidden = 0;  // of this, in bursts after the first
    const auto access_dram = [&] {
      const std::uint64_t address =
          origin_ + static_cast<std::uint64_t>(transfer.dram_address + done);
      const Burst asked{transfer.to_dram, address, buffer.data(), static_cast<unsigned>(bytes)};
      const std::int64_t annotated = clock().cycles_of(burst(dram, asked, payload));
      clock().wait_for_edge();
      bus = now() - from + annotated;
      hidden = std::min(dram_latency_, annotated);
    };
    const auto access_scratchpad = [&] {
      const LentExtension load(payload, transfer.load);
      const Burst asked{!transfer.to_dram, static_cast<std::uint64_t>(transfer.address + done),
                        buffer.data(), static_cast<unsigned>(bytes)};
      const std::int64_t annotated = clock().cycles_of(burst(scratchpad, asked, payload));
      return now() - from + annotated;
    };
    std::int64_t port = 0;
    if (transfer.to_dram) {
      port = access_scratchpad();
      access_dram();
    } else {
      access_dram();
      port = access_scratchpad();
    }
    // The DRAM's latency counts once: later bursts of a transfer are requested ahead of time.
    const std::int64_t latency = done == 0 ? hidden : 0;
    const std::int64_t engine = (bytes + config_.bytes_per_cycle - 1) / config_.bytes_per_cycle;
    wait_until(from + config_.setup_cycles + latency + std::max({bus - hidden, engine, port}));
    bus_.unlock();
    EventCounts& counts = recorder->layer(transfer.layer).counts;
    (transfer.to_dram ? counts.dram_write_bytes : counts.dram_read_bytes) += bytes;
  }
  // The channels wait for each other on the bus, so each one has its own track.
  SpanWork work;
  work.bytes = transfer.bytes;
  work.to_dram = transfer.to_dram;
  recorder->span(&scratchpad == &weights ? Module::kWeightDma : Module::kActivationDma,
                 transfer.layer, std::nullopt, begin, now(), work);
}

void Dma::access_for_host(bool write, std::int64_t address, std::uint8_t* data,
                          std::int64_t bytes) {
  const std::uint64_t begin = origin_ + static_cast<std::uint64_t>(address);
  tlm::tlm_generic_payload payload;
  payload.set_byte_enable_ptr(nullptr);
  // A memory may take or give a part of what it is asked for.
  for (std::int64_t done = 0; done < bytes;) {
    const auto length = static_cast<unsigned>(std::min(bytes - done, kMostOfHost));
    payload.set_command(write ? tlm::TLM_WRITE_COMMAND : tlm::TLM_READ_COMMAND);
    payload.set_address(begin + static_cast<std::uint64_t>(done));
    payload.set_data_ptr(data + done);
    payload.set_data_length(length);
    payload.set_streaming_width(length);
    payload.set_response_status(tlm::TLM_INCOMPLETE_RESPONSE);
    std::int64_t some = 0;
    const auto what = [&] {
      return fmt::format("{}: transport_dbg, {} of {} bytes at address {:#x}", dram.name(),
                         write ? "write" : "read", length,
                         begin + static_cast<std::uint64_t>(done));
    };
    errors_as_run_errors(what, [&] { some = dram->transport_dbg(payload); });
    if (some < 1 || some > length) {
      throw RunError(
          "{}: the memory {} {} of {} bytes from address {:#x} on through transport_dbg; expected "
          "all of them",
          dram.name(), write ? "takes" : "gives", done, bytes, begin);
    }
    done += some;
  }
}

void Dma::peek(std::int64_t address, void* to, std::int64_t bytes) {
  access_for_host(/*write=*/false, address, static_cast<std::uint8_t*>(to), bytes);
}

void Dma::poke(std::int64_t address, const void* from, std::int64_t bytes) {
  // The payload of a write has the same pointer as that of a read; nothing is written there.
  access_for_host(/*write=*/true, address,
                  const_cast<std::uint8_t*>(static_cast<const std::uint8_t*>(from)), bytes);
}

}  // namespace brownout::accelerator
