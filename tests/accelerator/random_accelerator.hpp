// SPDX-License-Identifier: Apache-2.0
// Random accelerators on which small networks fit.
#pragma once

#include <cstdint>

#include "sim/mapping/accelerator_config.hpp"

namespace brownout::accelerator {

/// Any array from 1×1 to 20×20, both dataflows, resident or streamed weights, small accumulators,
/// one to eight lanes, several words a cycle.
mapping::AcceleratorConfig random_accelerator(std::uint64_t seed);

}  // namespace brownout::accelerator
