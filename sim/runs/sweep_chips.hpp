// SPDX-License-Identifier: Apache-2.0
// The chips of a sweep: those at every point, those that choose the safe voltages, and others that
// state what they are worth.
#pragma once
#include <memory>
#include <vector>

#include "sim/chips/chip.hpp"
#include "sim/runs/sweep_file.hpp"

namespace brownout::runs {

using Chips = std::vector<std::unique_ptr<chips::Chip>>;

struct SweepChips {
  Chips grid;  // at every point
  // None without a safe voltage.
  Chips chosen;  // choose the safe voltages: those of the grid, and more
  Chips stated;  // others, at the safe voltages alone
};
/// InputError when the profile cannot be read or does not reach down to the lowest voltage.
SweepChips sweep_chips(const SweepConfig& config);

/// Settles how many chips choose a safe voltage and how many state it, when `chips` and `seed` are
/// known. Without a safe voltage there is nothing to settle. InputError for too few chips, and if
/// both sets would share a chip.
void settle_safe_voltage(SweepConfig& config);

}  // namespace brownout::runs
