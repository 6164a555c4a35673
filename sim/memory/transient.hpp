// SPDX-License-Identifier: Apache-2.0
// Draws of cells that read wrong with a probability: frozen ones, once per evaluation.
#pragma once

#include <cstdint>

#include "sim/base/random.hpp"
#include "sim/memory/fault.hpp"

namespace brownout::memory {

/// Whether a cell reads wrong, given the bit it stores. A cell with p strictly between 0 and 1 draws
/// once per evaluation: the first number of Philox(evaluation_seed, kTransientRead) at
/// (memory·2^32 + word, column, 0, 0), wrong iff its unit_open is below p.
class CellReader {
 public:
  CellReader(MemoryId memory, std::uint64_t evaluation_seed)
      : memory_(static_cast<std::uint64_t>(memory) << 32),
        philox_(evaluation_seed, Purpose::kTransientRead) {}

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
    return unit_open(philox_(memory_ | fault.word, fault.bit)[0]) < double{probability};
  }

  std::uint64_t memory_;
  Philox philox_;
};

}  // namespace brownout::memory
