// SPDX-License-Identifier: Apache-2.0
// Which voltage of a profile stands for the voltages at which a chip is operated.
#pragma once
#include <string>
#include <vector>

#include "sim/chips/chip.hpp"

namespace brownout::chips {

/// The chip's note, with the profiled voltage whose cells fail at each of `voltages` (units of
/// Vmin) that is not itself a profiled one.
std::string note_at(const Chip& chip, const std::vector<double>& voltages);

}  // namespace brownout::chips
