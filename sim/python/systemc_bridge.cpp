// SPDX-License-Identifier: Apache-2.0
// Until the public one is there.
#include "brownout/experiment.hpp"
#include "sim/cosim/systemc_simulator.hpp"

namespace brownout {
std::shared_ptr<Simulator> make_systemc_simulator();
std::shared_ptr<Simulator> make_systemc_simulator() { return cosim::systemc_simulator(); }
}  // namespace brownout
