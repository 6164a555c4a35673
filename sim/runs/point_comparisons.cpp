// SPDX-License-Identifier: Apache-2.0
#include "sim/runs/point_comparisons.hpp"

#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include "sim/base/error.hpp"
#include "sim/base/text.hpp"

namespace brownout::runs {

namespace {

constexpr char kAll[] = "all";

/// What may differ, in the order in which the points of a sweep are nested.
struct Dimension {
  PointComparison::Of of;
  const char* key;
  std::vector<std::string> values;  // as a sweep file may give them
};

std::vector<Dimension> dimensions_of(const SweepConfig& config) {
  Dimension networks{PointComparison::Of::kNetworks, "networks", {}};
  for (const auto& model : config.models) networks.values.push_back(model.stem().string());
  Dimension mitigations{PointComparison::Of::kMitigations, "mitigations", {}};
  for (const SweepMitigation& entry : config.mitigations) mitigations.values.push_back(entry.name);
  Dimension levels{PointComparison::Of::kLevels, config.by_rate() ? "rates" : "voltages", {}};
  for (const double level : config.levels()) levels.values.push_back(fmt::format("{}", level));
  return {networks, mitigations, levels};
}

/// As mitigations are shown, whatever their spelling; numbers by their value.
std::string canonical(const Dimension& dimension, YamlMap& map) {
  if (dimension.of == PointComparison::Of::kLevels && map.text(dimension.key) != kAll) {
    return fmt::format("{}", map.number(dimension.key, 0.0, 10.0));
  }
  const std::string text = map.text(dimension.key);
  if (dimension.of != PointComparison::Of::kMitigations || text == kAll) return text;
  return mitigation::to_string(mitigation::parse_mitigations(text, map.where(dimension.key)));
}

/// The only level that is this number up to its rounding: tables show fewer digits than a grid has.
std::vector<std::string>::const_iterator rounded(const std::vector<std::string>& levels,
                                                 double number) {
  const auto near = [&](const std::string& level) {
    return std::abs(std::stod(level) - number) <= 1e-4 * number;
  };
  const auto first = std::find_if(levels.begin(), levels.end(), near);
  if (first == levels.end() || std::any_of(first + 1, levels.end(), near)) return levels.end();
  return first;
}

PointComparison read(const Dimension& dimension, YamlMap& map) {
  const std::vector<std::string>& values = dimension.values;
  if (values.size() < 2) {
    map.fail(dimension.key, fmt::format("there is nothing to compare; expected a sweep of two {} "
                                        "or more, found {}",
                                        dimension.key, fmt::join(values, ", ")));
  }
  const std::string text = canonical(dimension, map);
  if (text == kAll) return {dimension.of, std::nullopt};
  auto found = std::find(values.begin(), values.end(), text);
  if (found == values.end() && dimension.of == PointComparison::Of::kLevels) {
    found = rounded(values, std::stod(text));
  }
  if (found == values.end()) {
    map.fail(dimension.key, fmt::format("expected all, or one that the sweep has ({}), got {}",
                                        fmt::join(values, ", "), in_quotes(text)));
  }
  return {dimension.of, static_cast<std::size_t>(found - values.begin())};
}

/// Pairs of positions in a list: every other one with the baseline, or each with each.
std::vector<std::pair<std::size_t, std::size_t>> pairs_of(const PointComparison& comparison,
                                                          std::size_t size) {
  std::vector<std::pair<std::size_t, std::size_t>> pairs;
  for (std::size_t first = 0; first < size; ++first) {
    if (!comparison.baseline) {
      for (std::size_t second = first + 1; second < size; ++second)
        pairs.push_back({first, second});
    } else if (first != *comparison.baseline) {
      pairs.push_back({first, *comparison.baseline});
    }
  }
  return pairs;
}

}  // namespace

std::vector<PointComparison> read_comparisons(YamlMap& root, const SweepConfig& config) {
  std::optional<YamlMap> map = root.optional_map("compare");
  if (!map) return {};
  const std::vector<Dimension> dimensions = dimensions_of(config);
  std::vector<std::string> keys;
  for (const Dimension& dimension : dimensions) keys.emplace_back(dimension.key);
  map->expect(keys);
  std::vector<PointComparison> comparisons;
  for (const Dimension& dimension : dimensions) {
    if (map->has(dimension.key)) comparisons.push_back(read(dimension, *map));
  }
  if (comparisons.empty()) {
    root.fail("compare", fmt::format("expected at least one of {}", fmt::join(keys, ", ")));
  }
  map->finish();
  return comparisons;
}

std::vector<results::PointDifference> compare_points(const SweepConfig& config,
                                                     const results::SweepResult& result,
                                                     const WrongByPoint& wrong) {
  const std::array<std::size_t, 3> sizes{config.models.size(), config.mitigations.size(),
                                         config.levels().size()};
  const std::size_t a_target = sizes[0] * sizes[1] * sizes[2];
  std::vector<results::PointDifference> differences;
  for (const PointComparison& comparison : config.comparisons) {
    const auto dimension = static_cast<std::size_t>(comparison.of);
    std::size_t step = 1;  // between points that follow each other in this dimension
    for (std::size_t i = dimension + 1; i < sizes.size(); ++i) step *= sizes[i];
    for (std::size_t point = 0; point < wrong.size(); ++point) {
      const std::size_t target = point / a_target;
      const bool own_errors =
          result.accelerators.empty() || result.accelerators[target].errors_of == target;
      // Each set of points that differ in this dimension alone is met at its first one.
      if (!own_errors || point / step % sizes[dimension] != 0) continue;
      for (const auto& [first, second] : pairs_of(comparison, sizes[dimension])) {
        results::PointDifference one{point + first * step, point + second * step, {}};
        one.difference = results::difference({wrong[one.first]}, {wrong[one.second]});
        differences.push_back(std::move(one));
      }
    }
  }
  std::vector<results::Difference*> together;
  for (results::PointDifference& one : differences) together.push_back(&one.difference);
  results::adjust_together(together);
  return differences;
}

}  // namespace brownout::runs
