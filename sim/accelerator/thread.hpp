// SPDX-License-Identifier: Apache-2.0
// Exceptions must not leave an SC_THREAD: they would come back as an sc_report, without their type.
#pragma once

#include <exception>
#include <systemc>

#include "sim/accelerator/run_state.hpp"

namespace brownout::accelerator {

/// Runs the body of a thread. An exception ends the run: it is kept for the host and the kernel
/// pauses.
template <typename Body>
void guarded(RunState& state, Body&& body) {
  try {
    body();
  } catch (const sc_core::sc_unwind_exception&) {
    throw;  // the kernel's own
  } catch (...) {
    if (!state.error) state.error = std::current_exception();
    sc_core::sc_pause();
  }
}

}  // namespace brownout::accelerator
