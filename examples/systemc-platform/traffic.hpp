// SPDX-License-Identifier: Apache-2.0
// A master that only makes traffic, as a display does: it reads a burst in every period, and asks
// for a few of them before it needs them.
#pragma once
#include <tlm_utils/simple_initiator_socket.h>

#include <cstdint>
#include <systemc>
#include <vector>

class Traffic : public sc_core::sc_module {
 public:
  tlm_utils::simple_initiator_socket<Traffic> socket{"socket"};

  Traffic(const sc_core::sc_module_name& name, unsigned burst_bytes)
      : sc_module(name), data_(burst_bytes) {
    SC_HAS_PROCESS(Traffic);
    SC_THREAD(run);
  }

  // From now on a burst in every `period`, or as many as are served; zero: none.
  void set_period(const sc_core::sc_time& period) {
    period_ = period;
    changed_.notify(sc_core::SC_ZERO_TIME);
  }
  std::uint64_t bytes() const { return bytes_; }

 private:
  static constexpr int kAhead = 8;  // periods

  void run() {
    for (;;) {
      while (period_ == sc_core::SC_ZERO_TIME) wait(changed_);
      tlm::tlm_generic_payload payload;
      payload.set_read();
      payload.set_address(0);
      payload.set_data_ptr(data_.data());
      payload.set_data_length(static_cast<unsigned>(data_.size()));
      payload.set_streaming_width(static_cast<unsigned>(data_.size()));
      payload.set_response_status(tlm::TLM_INCOMPLETE_RESPONSE);
      sc_core::sc_time delay;
      socket->b_transport(payload, delay);
      bytes_ += data_.size();
      // `delay` says when the data are there. If they come late, the generator waits with them.
      const sc_core::sc_time late = kAhead * period_;
      wait(delay > late ? delay - late + period_ : period_);
    }
  }

  std::vector<unsigned char> data_;
  sc_core::sc_time period_;
  sc_core::sc_event changed_;
  std::uint64_t bytes_ = 0;
};
