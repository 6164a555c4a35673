// SPDX-License-Identifier: Apache-2.0
// The refusal of what cannot be had without a simulator.
#include "sim/engines/simulator.hpp"

#include "sim/base/error.hpp"

namespace brownout {

Simulator& needed(const std::shared_ptr<Simulator>& simulator) {
  if (simulator) return *simulator;
  throw InputError(
      "{}: cycles and energy of an accelerator need one; expected that of the library "
      "brownout::systemc (make_systemc_simulator), got none",
      Field{"simulator"});
}

}  // namespace brownout
