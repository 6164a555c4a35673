// SPDX-License-Identifier: Apache-2.0
// Best network per voltage and the Pareto front of mean RErr against SRAM energy.
#include "sim/sweep/pareto.hpp"

#include <algorithm>
#include <array>
#include <functional>
#include <limits>
#include <map>

namespace brownout::sweep {

std::vector<std::size_t> best_per_voltage(const std::vector<Point>& points) {
  std::map<double, std::size_t, std::greater<double>> best;
  for (std::size_t i = 0; i < points.size(); ++i) {
    if (!points[i].voltage) continue;
    const auto [entry, is_new] = best.emplace(*points[i].voltage, i);
    if (!is_new && points[i].rerr.mean < points[entry->second].rerr.mean) entry->second = i;
  }
  std::vector<std::size_t> indices;
  for (const auto& entry : best) indices.push_back(entry.second);
  return indices;
}

std::vector<std::size_t> pareto_front(const std::vector<Point>& points) {
  std::vector<std::size_t> order;
  for (std::size_t i = 0; i < points.size(); ++i) {
    if (points[i].energy_sram_rel) order.push_back(i);
  }
  // Cheapest first, so that a point stays only if it errs less than everything cheaper.
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    if (points[a].energy_sram_rel != points[b].energy_sram_rel) {
      return *points[a].energy_sram_rel < *points[b].energy_sram_rel;
    }
    if (points[a].rerr.mean != points[b].rerr.mean) {
      return points[a].rerr.mean < points[b].rerr.mean;
    }
    return a < b;
  });
  std::vector<std::size_t> front;
  double lowest = std::numeric_limits<double>::infinity();
  for (const std::size_t i : order) {
    if (points[i].rerr.mean < lowest) {
      lowest = points[i].rerr.mean;
      front.push_back(i);
    }
  }
  std::reverse(front.begin(), front.end());
  return front;
}

std::vector<std::size_t> mitigation_front(const std::vector<Point>& points) {
  const auto costs = [](const Point& point) {
    return std::array<double, 4>{point.rerr.mean,
                                 point.energy_rel.value_or(point.energy_sram_rel.value_or(1.0)),
                                 point.weight_area_rel.value_or(1.0), point.cycles.value_or(0.0)};
  };
  const auto beats = [&](const Point& a, const Point& b) {
    const auto x = costs(a), y = costs(b);
    bool lower = false;
    for (std::size_t i = 0; i < x.size(); ++i) {
      if (x[i] > y[i]) return false;
      lower = lower || x[i] < y[i];
    }
    return lower;
  };
  std::vector<std::size_t> front;
  for (std::size_t i = 0; i < points.size(); ++i) {
    const bool beaten = std::any_of(points.begin(), points.end(), [&](const Point& other) {
      return other.model == points[i].model && beats(other, points[i]);
    });
    if (!beaten) front.push_back(i);
  }
  return front;
}

}  // namespace brownout::sweep
