// SPDX-License-Identifier: Apache-2.0
// Model time in whole cycles of the accelerator's clock.
#pragma once

#include <cstdint>
#include <systemc>

namespace brownout::accelerator {

/// Edges are at multiples of the period. The accelerator's threads always wake at an edge, so that
/// its own time is an integer number of cycles whatever the period is.
class Clock {
 public:
  /// A cycle is one time step of the kernel. Cycles become seconds only afterwards.
  Clock() = default;
  /// `period` is at least one time step.
  explicit Clock(const sc_core::sc_time& period) : period_(period.value()) {}

  sc_core::sc_time cycles(std::int64_t count) const {
    return sc_core::sc_time::from_value(static_cast<sc_dt::uint64>(count) * period_);
  }
  /// The number of cycles in which `time` has passed: a part of a cycle counts as a whole one.
  std::int64_t cycles_of(const sc_core::sc_time& time) const {
    return in_periods(time.value() + period_ - 1);
  }
  /// The cycle that runs.
  std::int64_t now() const { return in_periods(sc_core::sc_time_stamp().value()); }

  /// These wait in the calling thread, at an edge. 0 or less returns at once.
  void wait_cycles(std::int64_t count) const {
    if (count > 0) sc_core::wait(cycles(count));
  }
  void wait_until(std::int64_t cycle) const { wait_cycles(cycle - now()); }

  /// Waits for the next edge, if none is now.
  void wait_for_edge() const {
    if (period_ == 1) return;
    const sc_dt::uint64 part = sc_core::sc_time_stamp().value() % period_;
    if (part > 0) sc_core::wait(sc_core::sc_time::from_value(period_ - part));
  }

 private:
  /// A period of one step needs no division, which takes longer than the rest of a call.
  std::int64_t in_periods(sc_dt::uint64 steps) const {
    return static_cast<std::int64_t>(period_ == 1 ? steps : steps / period_);
  }

  sc_dt::uint64 period_ = 1;  // time steps
};

}  // namespace brownout::accelerator
