// SPDX-License-Identifier: Apache-2.0
// What the networks of a sweep run on: a memory, an accelerator, or each accelerator of a grid.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "sim/experiment/setup.hpp"
#include "sim/runs/sweep_file.hpp"

namespace brownout::runs {

struct SweepTarget {
  std::string name;           // of the accelerator; "": none
  experiment::Setup setup;    // without mitigations
  std::size_t errors_of = 0;  // of the list: the first on which all errors are the same as here
};

/// One target, or one for each accelerator. Targets share errors if they differ only in what
/// decides neither which cells hold a bit nor how cells fail: clocks, DMA, DRAM, lanes, gating of
/// arrays; with resident weights, if no other memory can fail, also the array, the sizes of the
/// other memories and, without mitigations, that of the weight memory.
std::vector<SweepTarget> sweep_targets(const SweepConfig& config);

}  // namespace brownout::runs
