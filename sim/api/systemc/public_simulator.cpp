// SPDX-License-Identifier: Apache-2.0
// The simulator of sim/cosim, for programs of others.
#include "brownout/systemc.hpp"
#include "sim/cosim/systemc_simulator.hpp"

namespace brownout {

std::shared_ptr<Simulator> make_systemc_simulator() { return cosim::systemc_simulator(); }

}  // namespace brownout
