// SPDX-License-Identifier: Apache-2.0
// Which network is best at a voltage, which points no other point beats, and which of these
// statements are decided.
#pragma once
#include <cstddef>
#include <vector>

#include "sim/results/point.hpp"

namespace brownout::results {

/// An index into the points, and the points that cost no more and whose error is not shown to be
/// higher: nothing is decided between them and the point. Lowest error first.
struct Leader {
  std::size_t point = 0;
  std::vector<std::size_t> within_noise;
};

/// Of the points within noise, of which there is one at least, the one that takes the least energy.
std::size_t cheapest_within_noise(const Leader& leader, const std::vector<Point>& points);

/// The probability of errors this far apart if the two points are equally good: two-sided p of
/// their difference, paired over chips and images, both of which are samples. It is 1 if the points
/// do not know which images are wrong, or have different images.
double probability_of_equal_errors(const Point& a, const Point& b);

/// The point with the lowest mean RErr at each voltage, highest voltage first, or, of points
/// without a voltage, at each bit error rate, lowest rate first. Of equal ones the leader is the
/// one whose name comes first in the alphabet; the others are within noise. An error is shown to be
/// higher if p < 0.05 after Holm's correction over the points of that voltage or rate.
std::vector<Leader> best_per_level(const std::vector<Point>& points);

/// Whether energies can be compared between networks. Those of an inference can (µJ); those
/// relative to each network's own Vmin cannot.
bool energies_compare_networks(const std::vector<Point>& points);

/// Points for which no other has both error and energy at most as high and one of them lower;
/// highest energy first. If energies are relative, only points of one network are compared. Equal
/// points all stay. Within noise: as above, over the points that cost at most as much.
std::vector<Leader> pareto_front(const std::vector<Point>& points);

/// The same, in the order of the points, for points of one network by error, energy, area and
/// cycles. Points without a voltage compare at the same bit error rate. Energy is that of an
/// inference, or without an accelerator that of a read of the weight memory. A value that is not
/// known counts as equal.
std::vector<Leader> mitigation_front(const std::vector<Point>& points);

}  // namespace brownout::results
