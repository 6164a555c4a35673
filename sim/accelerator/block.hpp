// SPDX-License-Identifier: Apache-2.0
// What the accelerator's modules with threads share: the clock, the recorder, and what happens to
// an exception.
#pragma once

#include <cstdint>
#include <exception>
#include <systemc>

#include "sim/accelerator/clock.hpp"
#include "sim/accelerator/interfaces.hpp"

namespace brownout::accelerator {

/// Threads are made in before_end_of_elaboration(), not in constructors: a module that is destroyed
/// before the simulation, because an error was thrown, then leaves none behind for the kernel to
/// run.
class Block : public sc_core::sc_module {
 public:
  sc_core::sc_port<RecorderIf> recorder{"recorder"};

 protected:
  Block(const sc_core::sc_module_name& name, const Clock& clock) : sc_module(name), clock_(clock) {}

  std::int64_t now() const { return clock_.now(); }
  void wait_cycles(std::int64_t count) const { clock_.wait_cycles(count); }
  void wait_until(std::int64_t cycle) const { clock_.wait_until(cycle); }
  const Clock& clock() const { return clock_; }

  /// Runs the body of a thread. An exception must not leave it, because it would come back from the
  /// kernel as an sc_report without its type: it ends the run and is kept for the host.
  template <typename Body>
  void guarded(Body&& body) {
    try {
      body();
    } catch (const sc_core::sc_unwind_exception&) {
      throw;  // the kernel's own
    } catch (...) {
      recorder->fail(std::current_exception());
    }
  }

 private:
  Clock clock_;
};

}  // namespace brownout::accelerator
