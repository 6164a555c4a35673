// SPDX-License-Identifier: Apache-2.0
// Activation scratchpad: banks with one port each, behind a TLM-2.0 target socket with direct
// memory access for the array and the vector unit.
#pragma once

#include <tlm_utils/simple_target_socket.h>

#include <cstdint>
#include <systemc>
#include <vector>

#include "sim/mapping/accelerator.hpp"

namespace brownout::accelerator {

class ActivationScratchpad : public sc_core::sc_module {
 public:
  tlm_utils::simple_target_socket<ActivationScratchpad> socket{"socket"};

  explicit ActivationScratchpad(const sc_core::sc_module_name& name);

  void configure(const mapping::ActivationMemoryConfig& config);

  /// Byte `address` and those behind it.
  std::uint8_t* data(std::int64_t address) { return bytes_.data() + address; }

  /// Takes the ports of the banks that hold bytes [address, address + count) for `cycles` cycles,
  /// from `earliest` or later on; returns when they start.
  std::int64_t reserve(std::int64_t address, std::int64_t count, std::int64_t earliest,
                       std::int64_t cycles);

 private:
  void b_transport(tlm::tlm_generic_payload& payload, sc_core::sc_time& delay);

  mapping::ActivationMemoryConfig config_;
  std::vector<std::uint8_t> bytes_;
  std::vector<std::int64_t> busy_until_;  // by bank
};

}  // namespace brownout::accelerator
