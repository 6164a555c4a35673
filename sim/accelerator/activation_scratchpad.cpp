// SPDX-License-Identifier: Apache-2.0
// Banks are contiguous; a port serves one client at a time.
#include "sim/accelerator/activation_scratchpad.hpp"

#include <algorithm>
#include <cstring>

#include "sim/base/error.hpp"

namespace brownout::accelerator {

namespace {
// Vector loads of the kernels may read this many bytes beyond the end of the last region.
constexpr std::size_t kSlack = 64;
}  // namespace

ActivationScratchpad::ActivationScratchpad(const sc_core::sc_module_name& name) : sc_module(name) {
  socket.register_b_transport(this, &ActivationScratchpad::b_transport);
}

void ActivationScratchpad::configure(const mapping::ActivationMemoryConfig& config) {
  config_ = config;
  bytes_.assign(config.bytes() + kSlack, 0);
  busy_until_.assign(config.banks, 0);
  pixel_faults_ = value_faults_ = {};
  pixel_bits_wrong_ = value_bits_wrong_ = 0;
}

void ActivationScratchpad::set_faults(const mapping::MemoryFaults& faults) {
  pixel_faults_ =
      memory::Corruption(faults.input, memory::MemoryId::kInput, faults.draws, /*unit_bits=*/8);
  value_faults_ = memory::Corruption(faults.activations, memory::MemoryId::kActivations,
                                     faults.draws, /*unit_bits=*/8);
}

void ActivationScratchpad::written(const mapping::ByteRange& at, std::uint64_t load_event,
                                   std::int64_t batch) {
  BROWNOUT_CHECK(at.address >= 0 && at.address + at.bytes <= config_.bytes(), "bytes [{}, {})",
                 at.address, at.address + at.bytes);
  if (!values_fail()) return;
  const std::uint64_t number = batch;
  if (at.numbers) {
    void* const place = data(at.address);
    value_bits_wrong_ += value_faults_.apply_numbers(static_cast<float*>(place), at.address,
                                                     at.bytes / 4, load_event, number);
  } else {
    value_bits_wrong_ +=
        value_faults_.apply(data(at.address), at.address, at.bytes, load_event, number);
  }
}

void ActivationScratchpad::pixels_arrived(const mapping::ByteRange& at, std::int64_t batch) {
  pixel_bits_wrong_ +=
      pixel_faults_.apply(data(at.address), at.address, at.bytes, mapping::kInputEvent, batch);
}

std::int64_t ActivationScratchpad::reserve(std::int64_t address, std::int64_t count,
                                           std::int64_t earliest, std::int64_t cycles) {
  BROWNOUT_CHECK(address >= 0 && count >= 1 && address + count <= config_.bytes(),
                 "bytes [{}, {}) of {}", address, address + count, config_.bytes());
  const std::size_t from = address / config_.bank_bytes();
  const std::size_t to = (address + count - 1) / config_.bank_bytes() + 1;
  std::int64_t start = earliest;
  for (std::size_t bank = from; bank < to; ++bank) start = std::max(start, busy_until_[bank]);
  for (std::size_t bank = from; bank < to; ++bank) busy_until_[bank] = start + cycles;
  return start;
}

void ActivationScratchpad::b_transport(tlm::tlm_generic_payload& payload, sc_core::sc_time&) {
  const std::int64_t address = payload.get_address();
  const std::int64_t count = payload.get_data_length();
  if (address + count > config_.bytes()) {
    payload.set_response_status(tlm::TLM_ADDRESS_ERROR_RESPONSE);
    return;
  }
  if (payload.is_write()) {
    std::memcpy(data(address), payload.get_data_ptr(), count);
  } else {
    std::memcpy(payload.get_data_ptr(), data(address), count);
  }
  payload.set_response_status(tlm::TLM_OK_RESPONSE);
}

}  // namespace brownout::accelerator
