// SPDX-License-Identifier: Apache-2.0
// Banks are contiguous; a port serves one client at a time.
#include "sim/accelerator/activation_scratchpad.hpp"

#include <algorithm>
#include <cstring>

#include "sim/base/error.hpp"

namespace brownout::accelerator {

namespace {
// Vector loads of the kernels may pass the end of the last region by this much.
constexpr std::size_t kSlack = 64;
}  // namespace

ActivationScratchpad::ActivationScratchpad(const sc_core::sc_module_name& name) : sc_module(name) {
  socket.register_b_transport(this, &ActivationScratchpad::b_transport);
}

void ActivationScratchpad::configure(const mapping::ActivationMemoryConfig& config) {
  config_ = config;
  bytes_.assign(static_cast<std::size_t>(config.bytes()) + kSlack, 0);
  busy_until_.assign(static_cast<std::size_t>(config.banks), 0);
}

std::int64_t ActivationScratchpad::reserve(std::int64_t address, std::int64_t count,
                                           std::int64_t earliest, std::int64_t cycles) {
  BROWNOUT_CHECK(address >= 0 && count >= 1 && address + count <= config_.bytes(),
                 "bytes [{}, {}) of {}", address, address + count, config_.bytes());
  const auto from = static_cast<std::size_t>(address / config_.bank_bytes());
  const auto to = static_cast<std::size_t>((address + count - 1) / config_.bank_bytes()) + 1;
  std::int64_t start = earliest;
  for (std::size_t bank = from; bank < to; ++bank) start = std::max(start, busy_until_[bank]);
  for (std::size_t bank = from; bank < to; ++bank) busy_until_[bank] = start + cycles;
  return start;
}

void ActivationScratchpad::b_transport(tlm::tlm_generic_payload& payload, sc_core::sc_time&) {
  const auto address = static_cast<std::int64_t>(payload.get_address());
  const std::int64_t count = payload.get_data_length();
  if (address + count > config_.bytes()) {
    payload.set_response_status(tlm::TLM_ADDRESS_ERROR_RESPONSE);
    return;
  }
  if (payload.is_write()) {
    std::memcpy(data(address), payload.get_data_ptr(), static_cast<std::size_t>(count));
  } else {
    std::memcpy(payload.get_data_ptr(), data(address), static_cast<std::size_t>(count));
  }
  payload.set_response_status(tlm::TLM_OK_RESPONSE);
}

}  // namespace brownout::accelerator
