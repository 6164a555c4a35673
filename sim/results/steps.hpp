// SPDX-License-Identifier: Apache-2.0
// Curves over the voltage for a chip whose faults only change at some voltages (steps).
#pragma once

#include <vector>

namespace brownout::results {

/// Voltages that differ by less than this are the same one, as they are for the chip.
inline constexpr double kSameVoltage = 1e-9;

/// The ends of the range of voltages in which the result at `voltage` holds. They are the highest
/// of `steps` (ascending) that is not above it, and the next step. Where there are no steps, and in
/// place of an end beyond the first or the last step, it is the voltage itself. A line through
/// these ends for each measured voltage is flat where nothing changes, vertical between
/// neighbouring steps, and slanted over steps that were not measured.
std::vector<double> ends_of_step(double voltage, const std::vector<double>& steps);

}  // namespace brownout::results
