// SPDX-License-Identifier: Apache-2.0
// The simulator of programs that have SystemC: its model, and the Verilated core where asked for.
#pragma once

#include <memory>

#include "sim/engines/simulator.hpp"

namespace brownout::cosim {

/// Nothing is elaborated before an engine first runs. The kernel elaborates once per process, so
/// there is one simulator, and every call returns it.
std::shared_ptr<Simulator> systemc_simulator();

}  // namespace brownout::cosim
