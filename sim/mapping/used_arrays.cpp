// SPDX-License-Identifier: Apache-2.0
// Which arrays of the weight scratchpad a program needs; the others may be switched off.
#include <algorithm>

#include "sim/mapping/program.hpp"

namespace brownout::mapping {

std::int64_t used_weight_arrays(const Program& program) {
  const WeightMemoryConfig& weights = program.accelerator.weights;
  std::vector<bool> used(weights.arrays, false);
  for (const LayerProgram& layer : program.layers) {
    for (const Chunk& chunk : layer.chunks) {
      for (const WordRange& range : chunk.ranges) {
        for (std::int64_t word = range.word; word < range.word + range.words; ++word) {
          used[weights.array_of(word)] = true;
        }
      }
    }
  }
  return std::count(used.begin(), used.end(), true);
}

}  // namespace brownout::mapping
