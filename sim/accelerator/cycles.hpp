// SPDX-License-Identifier: Apache-2.0
// Model time in whole cycles: one cycle is one SystemC time step. Cycles become seconds only
// afterwards.
#pragma once

#include <cstdint>
#include <systemc>

namespace brownout::accelerator {

/// The kernel's time resolution stands for one cycle, so that no voltage or clock ever rounds.
inline sc_core::sc_time cycles(std::int64_t count) {
  return sc_core::sc_time::from_value(static_cast<sc_dt::uint64>(count));
}

inline std::int64_t cycles_of(const sc_core::sc_time& time) { return time.value(); }

inline std::int64_t now() { return cycles_of(sc_core::sc_time_stamp()); }

/// Waits in the calling thread; 0 or less returns at once.
inline void wait_cycles(std::int64_t count) {
  if (count > 0) sc_core::wait(cycles(count));
}

inline void wait_until(std::int64_t cycle) { wait_cycles(cycle - now()); }

}  // namespace brownout::accelerator
