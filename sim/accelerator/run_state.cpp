// SPDX-License-Identifier: Apache-2.0
// Sums, and names as results print them.
#include "sim/accelerator/run_state.hpp"

namespace brownout::accelerator {

LayerTally& LayerTally::operator+=(const LayerTally& other) {
  cycles += other.cycles;
  closed_form_cycles += other.closed_form_cycles;
  stream_cycles += other.stream_cycles;
  for (std::size_t s = 0; s < stalls.size(); ++s) stalls[s] += other.stalls[s];
  counts += other.counts;
  return *this;
}

const char* stall_name(int stall) {
  constexpr const char* kNames[kStalls] = {"weights",         "weight_dma",  "accumulators",
                                           "activation_bank", "vector_unit", "drain"};
  return kNames[stall];
}

const char* module_name(int module) {
  constexpr const char* kNames[kModules] = {"activation DMA", "weight DMA",  "weight loader",
                                            "array",          "vector unit", "sequencer"};
  return kNames[module];
}

}  // namespace brownout::accelerator
