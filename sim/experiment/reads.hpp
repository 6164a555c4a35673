// SPDX-License-Identifier: Apache-2.0
// How the memories are read: which draws, when, and which cells count.
#pragma once

#include <cstdint>

#include "sim/memory/transient.hpp"
#include "sim/weights/selection.hpp"

namespace brownout::experiment {

struct Reads {
  std::uint64_t evaluation_seed = 0;  // of cells that fail with a probability: they draw once per
  bool fresh = false;                 // batch and load event if fresh, else once per evaluation
  weights::Selection selection;       // cells of the weight memory whose faults count

  memory::Draws draws(const memory::Die& die) const { return {die, evaluation_seed, fresh}; }
};

}  // namespace brownout::experiment
