// SPDX-License-Identifier: Apache-2.0
// Best network per voltage and the Pareto front of mean RErr against SRAM energy.
#include "sim/sweep/pareto.hpp"

#include <algorithm>
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

}  // namespace brownout::sweep
