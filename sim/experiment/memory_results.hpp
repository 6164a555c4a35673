// SPDX-License-Identifier: Apache-2.0
// What a chip did to the memories other than the weights', as numbers.
#pragma once

#include <cstdint>
#include <optional>

#include "sim/mapping/memory_faults.hpp"

namespace brownout::experiment {

/// What a chip did to one memory.
struct MemoryResult {
  double cell_rate = 0.0;         // mean over the memory's cells of max(p01, p10), as drawn
  std::int64_t faulty_cells = 0;  // used ones or not
  std::int64_t cells_hit = 0;     // those that hold a bit of a value
  /// Bits wrong in the values of all images; none if the engine does not count them.
  std::optional<std::int64_t> bits_wrong = 0;
};
struct MemoryResults {
  MemoryResult input, activations, accumulators;

  void set_bits_wrong(const mapping::MemoryCounts& counts);
};

}  // namespace brownout::experiment
