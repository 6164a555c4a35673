// SPDX-License-Identifier: Apache-2.0
// Activation scratchpad: banks with one port each, accessed through a TLM-2.0 target socket, with
// direct memory access for the array and the vector unit.
#pragma once

#include <tlm_utils/simple_target_socket.h>

#include <cstdint>
#include <systemc>
#include <vector>

#include "sim/accelerator/interfaces.hpp"
#include "sim/mapping/memory_faults.hpp"
#include "sim/memory/corruption.hpp"

namespace brownout::accelerator {

class ActivationScratchpad : public sc_core::sc_module, public ActivationsIf {
 public:
  tlm_utils::simple_target_socket<ActivationScratchpad> socket{"socket"};

  explicit ActivationScratchpad(const sc_core::sc_module_name& name);

  /// Empties the memory and gives it another geometry, without faults.
  void configure(const mapping::ActivationMemoryConfig& config);

  /// Sets the faulty cells that hold input pixels, and those that hold everything else.
  void set_faults(const mapping::MemoryFaults& faults);
  bool pixels_fail() const override { return !pixel_faults_.empty(); }
  bool values_fail() const override { return !value_faults_.empty(); }

  /// Bits that have read wrong since configure(): of pixels, and of everything else.
  std::int64_t pixel_bits_wrong() const { return pixel_bits_wrong_; }
  std::int64_t value_bits_wrong() const { return value_bits_wrong_; }

  void written(const mapping::ByteRange& at, std::uint64_t load_event, std::int64_t batch) override;
  void pixels_arrived(const mapping::ByteRange& at, std::int64_t batch) override;
  std::uint8_t* data(std::int64_t address) override { return bytes_.data() + address; }
  std::int64_t reserve(std::int64_t address, std::int64_t count, std::int64_t earliest,
                       std::int64_t cycles) override;

 private:
  void b_transport(tlm::tlm_generic_payload& payload, sc_core::sc_time& delay);

  mapping::ActivationMemoryConfig config_;
  std::vector<std::uint8_t> bytes_;
  memory::Corruption pixel_faults_, value_faults_;
  std::int64_t pixel_bits_wrong_ = 0, value_bits_wrong_ = 0;
  std::vector<std::int64_t> busy_until_;  // by bank
};

}  // namespace brownout::accelerator
