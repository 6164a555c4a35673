// SPDX-License-Identifier: Apache-2.0
// Draws of cells that read wrong with a probability: once per evaluation, or once per load.
#pragma once

#include <cstdint>

#include "sim/base/random.hpp"
#include "sim/memory/fault.hpp"

namespace brownout::memory {

/// When cells that fail with a probability draw. Frozen: once per evaluation. Fresh: once per batch
/// of the inference and load event.
struct Draws {
  Draws(std::uint64_t evaluation_seed = 0) : seed(evaluation_seed) {}  // frozen
  static Draws fresh_ones(std::uint64_t evaluation_seed, std::uint64_t batch) {
    Draws draws(evaluation_seed);
    draws.fresh = true;
    draws.batch = batch;
    return draws;
  }

  std::uint64_t seed;
  bool fresh = false;
  std::uint64_t batch = 0;
};

/// Whether a cell reads wrong, given the bit it stores. A cell with p strictly between 0 and 1
/// draws the first number of Philox(seed, kTransientRead) at (memory·2^32 + word, column, load
/// event, batch + 1), the last two 0 when frozen: wrong iff its unit_open is below p.
class CellReader {
 public:
  CellReader(MemoryId memory, const Draws& draws, std::uint64_t load_event = 0)
      : memory_(static_cast<std::uint64_t>(memory) << 32),
        event_(draws.fresh ? load_event : 0),
        batch_(draws.fresh ? draws.batch + 1 : 0),
        philox_(draws.seed, Purpose::kTransientRead) {}

  std::uint32_t wrong(const CellFault& fault, std::uint32_t stored) const {
    // First, because the stored bit cannot be predicted: a flip does not ask for it.
    if (fault.p01 >= 1.0f && fault.p10 >= 1.0f) return 1;
    const float probabilities[2] = {fault.p01, fault.p10};
    const float probability = probabilities[stored];
    if (probability >= 1.0f) return 1;
    if (probability <= 0.0f) return 0;
    return draw(fault, probability);
  }

 private:
  // Kept out of the loops over persistent faults: inlined, its registers slow them by half.
  [[gnu::noinline]] std::uint32_t draw(const CellFault& fault, float probability) const {
    return unit_open(philox_(memory_ | fault.word, fault.bit, event_, batch_)[0]) <
           double{probability};
  }

  std::uint64_t memory_, event_, batch_;
  Philox philox_;
};

}  // namespace brownout::memory
