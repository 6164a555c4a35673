// SPDX-License-Identifier: Apache-2.0
// Curves over the voltage of a chip that is the same from one of its voltages up to the next.
#pragma once

#include <vector>

namespace brownout::report {

/// The ends of the range of voltages in which the result at `voltage` holds: the highest of `steps`
/// (ascending) that is not above it, and the next one. The voltage alone where there are no steps,
/// and in place of an end that lies beyond the first or the last step. A line through these ends
/// for each measured voltage is flat where nothing changes, upright between neighbouring steps, and
/// slanted over steps that were not measured.
std::vector<double> ends_of_step(double voltage, const std::vector<double>& steps);

}  // namespace brownout::report
