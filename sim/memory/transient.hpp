// SPDX-License-Identifier: Apache-2.0
// Draws of cells that read wrong with a probability: once per evaluation, or once per load.
#pragma once

#include <cstdint>

#include "sim/base/random.hpp"
#include "sim/memory/fault.hpp"

namespace brownout::memory {

/// Part of every result's key: if the definition below changes, it needs a new version. Version 1
/// left the die out, so that all chips shared their draws.
inline constexpr int kTransientReadVersion = 2;

/// Identifies the die whose cells draw. Chips of one kind differ in their number, kinds differ in
/// their purpose.
struct Die {
  Purpose purpose = Purpose::kRandomChipRead;
  std::uint64_t number = 0;

  bool operator==(const Die& o) const { return purpose == o.purpose && number == o.number; }
};

/// When cells that fail with a probability draw. Frozen: once per evaluation. Fresh: once per batch
/// of the inference and load event.
struct Draws {
  Die die;
  std::uint64_t seed = 0;  // of the evaluation
  bool fresh = false;
  std::uint64_t batch = 0;

  Draws of_batch(std::uint64_t number) const { return {die, seed, fresh, number}; }
};

/// Whether a cell reads wrong, given the bit that it stores. A cell with p strictly between 0 and 1
/// draws the first number of Philox(seed, die's purpose) at ((memory·2^32 + word)·2^8 + column,
/// die's number, load event, batch + 1), where the last two are 0 when frozen. It reads wrong iff
/// unit_open of this number is below p.
class CellReader {
 public:
  CellReader(MemoryId memory, const Draws& draws, std::uint64_t load_event = 0)
      : memory_(static_cast<std::uint64_t>(memory) << 32),
        die_(draws.die.number),
        event_(draws.fresh ? load_event : 0),
        batch_(draws.fresh ? draws.batch + 1 : 0),
        philox_(draws.seed, draws.die.purpose) {}

  std::uint32_t wrong(const CellFault& fault, std::uint32_t stored) const {
    // This case comes first because the stored bit cannot be predicted, and a flip does not depend
    // on it.
    if (fault.p01 >= 1.0f && fault.p10 >= 1.0f) return 1;
    const float probabilities[2] = {fault.p01, fault.p10};
    const float probability = probabilities[stored];
    if (probability >= 1.0f) return 1;
    if (probability <= 0.0f) return 0;
    return draw(fault, probability);
  }

 private:
  // Kept out of the loops over persistent faults: if inlined, its registers make them slower by
  // half.
  [[gnu::noinline]] std::uint32_t draw(const CellFault& fault, float probability) const {
    const std::uint64_t cell = (memory_ | fault.word) << 8 | fault.bit;
    return unit_open(philox_(cell, die_, event_, batch_)[0]) < double{probability};
  }

  std::uint64_t memory_, die_, event_, batch_;
  Philox philox_;
};

}  // namespace brownout::memory
