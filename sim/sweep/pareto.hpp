// SPDX-License-Identifier: Apache-2.0
// Which network is best at a voltage, and which points no other point beats.
#pragma once
#include <cstddef>
#include <vector>

#include "sim/sweep/point.hpp"

namespace brownout::sweep {

/// Indices of the point with the lowest mean RErr at each voltage, highest voltage first. Ties go
/// to the earlier point. Points without a voltage are left out.
std::vector<std::size_t> best_per_voltage(const std::vector<Point>& points);

/// Indices of points for which no other has both error and energy at most as high and one of them
/// lower; highest energy first. Of equal points the earliest stays.
std::vector<std::size_t> pareto_front(const std::vector<Point>& points);

/// Indices, in order, of points for which no other one of the same network has error, energy, area
/// and cycles at most as high and one of them lower. Energy is that of an inference, without an
/// accelerator that of a read of the weight memory; what is not known counts as equal.
std::vector<std::size_t> mitigation_front(const std::vector<Point>& points);

}  // namespace brownout::sweep
