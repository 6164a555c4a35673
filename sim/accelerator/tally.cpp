// SPDX-License-Identifier: Apache-2.0
// Sums, and names as results print them.
#include "sim/accelerator/tally.hpp"

namespace brownout::accelerator {

LayerTally& LayerTally::operator+=(const LayerTally& other) {
  cycles += other.cycles;
  closed_form_cycles += other.closed_form_cycles;
  stream_cycles += other.stream_cycles;
  for (const Stall cause : enumerators<kLastStall>()) stall(cause) += other.stall(cause);
  counts += other.counts;
  return *this;
}

LayerTally RunResult::total() const {
  LayerTally total;
  for (const LayerTally& layer : layers) total += layer;
  return total;
}

const char* stall_name(Stall stall) {
  constexpr EnumNames<kLastStall> kNames(
      {"weights", "weight_dma", "accumulators", "activation_bank", "vector_unit", "drain"});
  return kNames[stall];
}

const char* module_name(Module module) {
  constexpr EnumNames<kLastModule> kNames(
      {"activation DMA", "weight DMA", "weight loader", "array", "vector unit", "sequencer"});
  return kNames[module];
}

}  // namespace brownout::accelerator
