// SPDX-License-Identifier: Apache-2.0
// One burst: bounds, copy, time.
#include "sim/accelerator/dram.hpp"

#include <cmath>
#include <cstring>

#include "sim/accelerator/cycles.hpp"

namespace brownout::accelerator {

Dram::Dram(const sc_core::sc_module_name& name) : sc_module(name) {
  socket.register_b_transport(this, &Dram::b_transport);
}

void Dram::configure(const mapping::DramConfig& config, std::int64_t bytes) {
  config_ = config;
  bytes_.assign(bytes, 0);
}

void Dram::b_transport(tlm::tlm_generic_payload& payload, sc_core::sc_time& delay) {
  const std::size_t address = payload.get_address();
  const std::size_t count = payload.get_data_length();
  if (address + count > bytes_.size()) {
    payload.set_response_status(tlm::TLM_ADDRESS_ERROR_RESPONSE);
    return;
  }
  if (payload.is_write()) {
    std::memcpy(bytes_.data() + address, payload.get_data_ptr(), count);
  } else {
    std::memcpy(payload.get_data_ptr(), bytes_.data() + address, count);
  }
  const double bus = std::ceil(static_cast<double>(count) / config_.bytes_per_cycle);
  delay += cycles(config_.latency_cycles + static_cast<std::int64_t>(bus));
  payload.set_response_status(tlm::TLM_OK_RESPONSE);
}

}  // namespace brownout::accelerator
