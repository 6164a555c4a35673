// SPDX-License-Identifier: Apache-2.0
// A DRAM that several masters share: a latency for each access, and one data bus, on which accesses
// follow each other in the order in which they come.
#pragma once
#include <tlm_utils/multi_passthrough_target_socket.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <systemc>
#include <tlm>
#include <vector>

class Memory : public sc_core::sc_module {
 public:
  // Any number of masters binds to it.
  tlm_utils::multi_passthrough_target_socket<Memory> socket{"socket"};

  Memory(const sc_core::sc_module_name& name, std::uint64_t bytes, const sc_core::sc_time& latency,
         const sc_core::sc_time& beat, unsigned beat_bytes)
      : sc_module(name), latency_(latency), beat_(beat), beat_bytes_(beat_bytes), bytes_(bytes) {
    socket.register_b_transport(this, &Memory::b_transport);
    socket.register_transport_dbg(this, &Memory::transport_dbg);
  }

 private:
  // The bytes move at once. The time that the access takes is added to `delay`, and the master
  // waits for it when it likes: that is the loosely timed style of TLM-2.0.
  void b_transport(int, tlm::tlm_generic_payload& payload, sc_core::sc_time& delay) {
    if (!copy(payload)) return;
    const unsigned beats = (payload.get_data_length() + beat_bytes_ - 1) / beat_bytes_;
    const sc_core::sc_time asked = sc_core::sc_time_stamp() + delay;
    const sc_core::sc_time begin = std::max(asked, bus_free_);  // another master may be on the bus
    bus_free_ = begin + beats * beat_;
    delay += (bus_free_ - asked) + latency_;
  }

  // The accelerator puts its weights and pixels here before the time counts.
  unsigned transport_dbg(int, tlm::tlm_generic_payload& payload) {
    return copy(payload) ? payload.get_data_length() : 0;
  }

  bool copy(tlm::tlm_generic_payload& payload) {
    const std::uint64_t address = payload.get_address();
    const unsigned length = payload.get_data_length();
    if (address > bytes_.size() || length > bytes_.size() - address) {
      payload.set_response_status(tlm::TLM_ADDRESS_ERROR_RESPONSE);
      return false;
    }
    unsigned char* const place = bytes_.data() + address;
    if (payload.is_write()) std::memcpy(place, payload.get_data_ptr(), length);
    if (payload.is_read()) std::memcpy(payload.get_data_ptr(), place, length);
    payload.set_response_status(tlm::TLM_OK_RESPONSE);
    return true;
  }

  sc_core::sc_time latency_, beat_;
  unsigned beat_bytes_;
  sc_core::sc_time bus_free_;
  std::vector<unsigned char> bytes_;
};
