// SPDX-License-Identifier: Apache-2.0
// One burst: bounds, copy, time.
#include "sim/accelerator/dram.hpp"

#include <cmath>
#include <cstring>

namespace brownout::accelerator {

Dram::Dram(const sc_core::sc_module_name& name, const Clock& clock)
    : sc_module(name), clock_(clock) {
  socket.register_b_transport(this, &Dram::b_transport);
  socket.register_transport_dbg(this, &Dram::transport_dbg);
}

void Dram::configure(const mapping::DramConfig& config, std::int64_t bytes) {
  config_ = config;
  bytes_.assign(bytes, 0);
}

bool Dram::copy(tlm::tlm_generic_payload& payload) {
  const std::size_t address = payload.get_address();
  const std::size_t count = payload.get_data_length();
  if (address > bytes_.size() || count > bytes_.size() - address) {
    payload.set_response_status(tlm::TLM_ADDRESS_ERROR_RESPONSE);
    return false;
  }
  if (payload.get_byte_enable_ptr() != nullptr || payload.get_streaming_width() < count) {
    payload.set_response_status(payload.get_byte_enable_ptr() != nullptr
                                    ? tlm::TLM_BYTE_ENABLE_ERROR_RESPONSE
                                    : tlm::TLM_BURST_ERROR_RESPONSE);
    return false;
  }
  if (payload.is_write()) {
    std::memcpy(bytes_.data() + address, payload.get_data_ptr(), count);
  } else if (payload.is_read()) {
    std::memcpy(payload.get_data_ptr(), bytes_.data() + address, count);
  }
  payload.set_response_status(tlm::TLM_OK_RESPONSE);
  return true;
}

void Dram::b_transport(tlm::tlm_generic_payload& payload, sc_core::sc_time& delay) {
  if (!copy(payload)) return;
  const double count = payload.get_data_length();
  const double bus = std::ceil(count / config_.bytes_per_cycle);
  delay += clock_.cycles(config_.latency_cycles + static_cast<std::int64_t>(bus));
}

unsigned Dram::transport_dbg(tlm::tlm_generic_payload& payload) {
  return copy(payload) ? payload.get_data_length() : 0;
}

}  // namespace brownout::accelerator
