// SPDX-License-Identifier: Apache-2.0
// Best network per voltage and Pareto fronts; nothing depends on the order of the points.
#include "sim/results/pareto.hpp"

#include <algorithm>
#include <functional>
#include <map>
#include <tuple>
#include <utility>

#include "sim/results/error_bars.hpp"
#include "sim/results/statistics.hpp"

namespace brownout::results {

namespace {

constexpr double kLevel = 0.05;

/// Lowest error first, then by name, then the cheaper one.
auto order_of(const Point& point) {
  return std::make_tuple(point.rerr.mean, point.model, point.mitigation,
                         point.voltage.value_or(0.0));
}

/// The points of `rivals` whose error is not shown to be higher than the point's.
std::vector<std::size_t> not_shown_to_be_worse(const std::vector<Point>& points, std::size_t point,
                                               const std::vector<std::size_t>& rivals) {
  std::vector<double> p;
  for (const std::size_t rival : rivals) {
    p.push_back(probability_of_equal_errors(points[point], points[rival]));
  }
  p = holm_adjusted(p);
  std::vector<std::size_t> list;
  for (std::size_t i = 0; i < rivals.size(); ++i) {
    const bool worse = points[rivals[i]].rerr.mean > points[point].rerr.mean && p[i] < kLevel;
    if (!worse) list.push_back(rivals[i]);
  }
  std::sort(list.begin(), list.end(), [&](std::size_t a, std::size_t b) {
    return order_of(points[a]) < order_of(points[b]);
  });
  return list;
}

using Costs = std::vector<double>;

bool at_most(const Costs& a, const Costs& b) {
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (a[i] > b[i]) return false;
  }
  return true;
}

/// The front of error and costs among `candidates`, in their order.
std::vector<Leader> front_of(const std::vector<Point>& points,
                             const std::vector<std::size_t>& candidates,
                             const std::function<Costs(const Point&)>& costs_of,
                             const std::function<bool(const Point&, const Point&)>& comparable) {
  std::vector<Leader> front;
  for (const std::size_t i : candidates) {
    const Costs costs = costs_of(points[i]);
    std::vector<std::size_t> rivals;
    bool beaten = false;
    for (const std::size_t k : candidates) {
      if (k == i || !comparable(points[i], points[k])) continue;
      const Costs other = costs_of(points[k]);
      if (!at_most(other, costs)) continue;
      const double error = points[i].rerr.mean, other_error = points[k].rerr.mean;
      beaten = beaten || other_error < error || (other_error == error && other != costs);
      rivals.push_back(k);
    }
    if (!beaten) front.push_back({i, not_shown_to_be_worse(points, i, rivals)});
  }
  return front;
}

double energy_of(const Point& point) {
  return point.energy ? point.energy->total() : point.energy_sram_rel.value_or(1.0);
}

bool same_network(const Point& a, const Point& b) {
  return a.model == b.model && a.accelerator == b.accelerator;
}

/// A higher rate without a voltage saves nothing that could be told.
bool same_network_and_saving(const Point& a, const Point& b) {
  return same_network(a, b) && (a.voltage.has_value() || b.voltage.has_value() || a.rate == b.rate);
}

}  // namespace

std::size_t cheapest_within_noise(const Leader& leader, const std::vector<Point>& points) {
  const auto cost = [&](std::size_t i) {
    return std::make_pair(points[i].energy ? points[i].energy->total() : 0.0,
                          *points[i].energy_sram_rel);
  };
  return *std::min_element(leader.within_noise.begin(), leader.within_noise.end(),
                           [&](std::size_t a, std::size_t b) { return cost(a) < cost(b); });
}

namespace {

/// Points with a precision share the images, and their chips as far as both have them: errors that
/// go together make the difference better known than is said here.
double probability_of_equal_means(const Point& a, const Point& b) {
  const double a_error = a.precision->error, b_error = b.precision->error;
  return two_sided_p(a.rerr.mean - b.rerr.mean, {{a_error * a_error, a.precision->degrees},
                                                 {b_error * b_error, b.precision->degrees}});
}

}  // namespace

double probability_of_equal_errors(const Point& a, const Point& b) {
  if (a.precision && b.precision) return probability_of_equal_means(a, b);
  if (a.wrong_images.empty() || a.wrong_images.size() != b.wrong_images.size() ||
      a.wrong_images[0].size() != b.wrong_images[0].size()) {
    return 1.0;
  }
  const std::size_t images = a.wrong_images[0].size();
  CrossedTable table(static_cast<std::int64_t>(images));
  std::vector<bool> differs(images, false);
  for (std::size_t chip = 0; chip < a.wrong_images.size(); ++chip) {
    std::vector<double> differences(images);
    for (std::size_t i = 0; i < images; ++i) {
      differences[i] = static_cast<double>(a.wrong_images[chip][i]) -
                       static_cast<double>(b.wrong_images[chip][i]);
      if (differences[i] != 0.0) differs[i] = true;
    }
    table.add_chip(differences);
  }
  std::vector<Source> sources;
  if (const std::optional<Source> chips = table.over_chips()) sources.push_back(*chips);
  if (std::optional<Source> over_images = table.over_images_alone()) {
    // Images on which both always agree say nothing about how far the others scatter.
    over_images->degrees = std::max(1.0, static_cast<double>(count(differs)) - 1.0);
    sources.push_back(*over_images);
  }
  return two_sided_p(table.mean(), sources);
}

std::vector<Leader> best_per_level(const std::vector<Point>& points) {
  // By falling voltage, then those without one by rising rate.
  std::map<std::pair<double, double>, std::vector<std::size_t>> by_level;
  for (std::size_t i = 0; i < points.size(); ++i) {
    const Point& point = points[i];
    by_level[point.voltage ? std::make_pair(-*point.voltage, 0.0) : std::make_pair(1.0, point.rate)]
        .push_back(i);
  }
  std::vector<Leader> leaders;
  for (auto& [level, list] : by_level) {
    const auto best = std::min_element(list.begin(), list.end(), [&](std::size_t a, std::size_t b) {
      return order_of(points[a]) < order_of(points[b]);
    });
    const std::size_t leader = *best;
    list.erase(best);
    leaders.push_back({leader, not_shown_to_be_worse(points, leader, list)});
  }
  return leaders;
}

bool energies_compare_networks(const std::vector<Point>& points) {
  return std::all_of(points.begin(), points.end(),
                     [](const Point& point) { return point.energy.has_value(); });
}

std::vector<Leader> pareto_front(const std::vector<Point>& points) {
  std::vector<std::size_t> candidates;
  for (std::size_t i = 0; i < points.size(); ++i) {
    if (points[i].energy_sram_rel) candidates.push_back(i);
  }
  std::sort(candidates.begin(), candidates.end(), [&](std::size_t a, std::size_t b) {
    const double x = energy_of(points[a]), y = energy_of(points[b]);
    return x != y ? x > y : order_of(points[a]) < order_of(points[b]);
  });
  const bool all = energies_compare_networks(points);
  return front_of(
      points, candidates, [](const Point& point) { return Costs{energy_of(point)}; },
      [&](const Point& a, const Point& b) { return all || same_network(a, b); });
}

std::vector<Leader> mitigation_front(const std::vector<Point>& points) {
  std::vector<std::size_t> candidates(points.size());
  for (std::size_t i = 0; i < points.size(); ++i) candidates[i] = i;
  return front_of(
      points, candidates,
      [](const Point& point) {
        return Costs{point.energy_rel.value_or(point.energy_sram_rel.value_or(1.0)),
                     point.weight_area_rel.value_or(1.0), point.cycles.value_or(0.0)};
      },
      same_network_and_saving);
}

}  // namespace brownout::results
