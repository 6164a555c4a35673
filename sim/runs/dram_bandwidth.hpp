// SPDX-License-Identifier: Apache-2.0
// Traffic to and from the DRAM over time, from the stretches of a run.
#pragma once

#include <cstdint>
#include <vector>

#include "sim/accelerator/tally.hpp"

namespace brownout::runs {

/// From `cycle` on, until the next step: bytes per cycle.
struct BandwidthStep {
  std::int64_t cycle = 0;
  double read = 0.0, write = 0.0;
};

/// Every transfer counts with its mean over its stretch, time on the bus included, so that the area
/// under the steps is the number of bytes. The last step is 0; empty without transfers.
std::vector<BandwidthStep> dram_bandwidth(const std::vector<accelerator::Span>& spans);

}  // namespace brownout::runs
