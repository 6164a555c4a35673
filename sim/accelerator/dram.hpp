// SPDX-License-Identifier: Apache-2.0
// DRAM: bytes with a latency and a bandwidth.
#pragma once

#include <tlm_utils/simple_target_socket.h>

#include <cstdint>
#include <systemc>
#include <vector>

#include "sim/accelerator/clock.hpp"
#include "sim/mapping/accelerator_config.hpp"

namespace brownout::accelerator {

class Dram : public sc_core::sc_module {
 public:
  tlm_utils::simple_target_socket<Dram> socket{"socket"};

  explicit Dram(const sc_core::sc_module_name& name, const Clock& clock = Clock());

  void configure(const mapping::DramConfig& config, std::int64_t bytes);
  const mapping::DramConfig& config() const { return config_; }
  /// Access for the host; no time passes.
  std::uint8_t* data(std::int64_t address) { return bytes_.data() + address; }

 private:
  /// The delay is the latency and the time on the bus.
  void b_transport(tlm::tlm_generic_payload& payload, sc_core::sc_time& delay);
  unsigned transport_dbg(tlm::tlm_generic_payload& payload);
  /// Copies what the payload asks for. False, with its response, when the memory has no such bytes.
  bool copy(tlm::tlm_generic_payload& payload);

  Clock clock_;
  mapping::DramConfig config_;
  std::vector<std::uint8_t> bytes_;
};

}  // namespace brownout::accelerator
