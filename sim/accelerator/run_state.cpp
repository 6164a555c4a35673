// SPDX-License-Identifier: Apache-2.0
// Names as results print them.
#include "sim/accelerator/run_state.hpp"

namespace brownout::accelerator {

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
