// SPDX-License-Identifier: Apache-2.0
// Everything that is said about several points: the best ones, the fronts, how far they spread.
#pragma once
#include <array>
#include <cstddef>
#include <string>
#include <vector>

#include "sim/results/pareto.hpp"

namespace brownout::results {

struct Fronts {
  std::vector<Leader> best_per_level, pareto, mitigations;
  bool compares_networks = false;                  // energies_compare_networks
  std::vector<std::size_t> cheapest_within_noise;  // beside `pareto`; of none: the point itself
  std::vector<std::vector<std::size_t>> energies;  // energy_front of each network
};
/// `models`: the names of the networks, in the order of `energies`.
Fronts fronts_of(const std::vector<Point>& points, const std::vector<std::string>& models);

/// Points of one network for which no other of its points has both error and energy lower, lowest
/// energy first. Whether that is decided is not asked.
std::vector<std::size_t> energy_front(const std::vector<Point>& points, const std::string& model);

/// The smallest and the largest saving of all energy, in percent, of the points at a voltage, and
/// share of weight accesses in all energy at Vmin. All points must have these numbers.
std::array<double, 2> all_saved_range(const std::vector<Point>& points, double voltage);
std::array<double, 2> access_share_range(const std::vector<Point>& points);

}  // namespace brownout::results
