// SPDX-License-Identifier: Apache-2.0
// The statements about all points of a sweep, each computed once.
#include "sim/results/fronts.hpp"

#include <algorithm>
#include <limits>
#include <utility>

namespace brownout::results {

namespace {

constexpr std::array<double, 2> kNoRange{std::numeric_limits<double>::infinity(),
                                         -std::numeric_limits<double>::infinity()};

void widen(std::array<double, 2>& range, double value) {
  range = {std::min(range[0], value), std::max(range[1], value)};
}

}  // namespace

Fronts fronts_of(const std::vector<Point>& points, const std::vector<std::string>& models) {
  Fronts fronts;
  fronts.best_per_level = best_per_level(points);
  fronts.pareto = pareto_front(points);
  fronts.mitigations = mitigation_front(points);
  fronts.compares_networks = energies_compare_networks(points);
  for (const Leader& leader : fronts.pareto) {
    fronts.cheapest_within_noise.push_back(
        leader.within_noise.empty() ? leader.point : cheapest_within_noise(leader, points));
  }
  for (const std::string& model : models) fronts.energies.push_back(energy_front(points, model));
  return fronts;
}

std::vector<std::size_t> energy_front(const std::vector<Point>& points, const std::string& model) {
  const auto place = [&](std::size_t i) {
    const Point& point = points[i];
    return std::make_pair(
        point.energy ? point.energy->total() : point.energy_sram_rel.value_or(1.0),
        point.rerr.mean);
  };
  std::vector<std::size_t> candidates;
  for (std::size_t i = 0; i < points.size(); ++i) {
    if (points[i].model == model) candidates.push_back(i);
  }
  std::sort(candidates.begin(), candidates.end(),
            [&](std::size_t a, std::size_t b) { return place(a) < place(b); });
  std::vector<std::size_t> front;
  for (const std::size_t i : candidates) {
    if (front.empty() || points[i].rerr.mean < points[front.back()].rerr.mean) front.push_back(i);
  }
  return front;
}

std::array<double, 2> all_saved_range(const std::vector<Point>& points, double voltage) {
  std::array<double, 2> range = kNoRange;
  for (const Point& point : points) {
    if (point.voltage == voltage) widen(range, *point.savings().all_pct);
  }
  return range;
}

std::array<double, 2> access_share_range(const std::vector<Point>& points) {
  std::array<double, 2> range = kNoRange;
  for (const Point& point : points) widen(range, *point.access_share);
  return range;
}

}  // namespace brownout::results
