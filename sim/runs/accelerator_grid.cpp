// SPDX-License-Identifier: Apache-2.0
// Combinations as assignments to the keys of one file.
#include "sim/runs/accelerator_grid.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <utility>

#include "sim/base/error.hpp"
#include "sim/base/text.hpp"
#include "sim/base/yaml.hpp"
#include "sim/mapping/accelerator_yaml.hpp"

namespace brownout::runs {

namespace {

struct Axis {
  std::string key;
  std::vector<std::string> values;
};

/// Why a key cannot be varied; "" if it can.
std::string refusal(const std::string& key) {
  if (key == "name" || key == "description")
    return "names an accelerator; combinations name themselves";
  if (key == "technology")
    return "expected the sweep's own key technology, which decides all prices";
  if (key == "weights.mitigation") return "expected the sweep's own list mitigations";
  return "";
}

std::vector<Axis> read_axes(YamlMap& grid, const std::string& where) {
  std::vector<Axis> axes;
  std::size_t combinations = 1;
  for (const std::string& key : grid.keys()) {
    mapping::expect_key_path(key, where);
    const std::string problem = refusal(key);
    if (!problem.empty()) grid.fail(key, problem);
    Axis axis{key, grid.texts(key)};
    std::vector<std::string> sorted = axis.values;
    std::sort(sorted.begin(), sorted.end());
    const auto twice = std::adjacent_find(sorted.begin(), sorted.end());
    if (twice != sorted.end()) grid.fail(key, fmt::format("{} is listed twice", in_quotes(*twice)));
    combinations *= axis.values.size();
    if (combinations > kMostCombinations) {
      grid.fail(key, fmt::format("expected at most {} combinations, got more", kMostCombinations));
    }
    axes.push_back(std::move(axis));
  }
  return axes;
}

/// `where` is the place of the grid, with the combination.
mapping::AcceleratorConfig load_combination(
    const std::filesystem::path& accelerator,
    const std::vector<std::pair<std::string, std::string>>& values, const std::string& where) {
  try {
    return mapping::load_accelerator(accelerator, mapping::accelerator_assignments(values));
  } catch (const InputError& error) {
    throw InputError("{}: {}", where, error.what());
  }
}

}  // namespace

std::vector<mapping::AcceleratorConfig> read_accelerator_grid(
    YamlMap& grid, const std::string& where, const std::filesystem::path& accelerator) {
  const std::vector<Axis> axes = read_axes(grid, where);
  if (axes.empty()) {
    throw InputError("{}: expected keys of an accelerator file with lists of values, found none",
                     where);
  }
  std::vector<mapping::AcceleratorConfig> accelerators;
  std::vector<std::size_t> at(axes.size(), 0);
  for (bool more = true; more;) {
    std::vector<std::pair<std::string, std::string>> values;
    std::string name;
    for (std::size_t i = 0; i < axes.size(); ++i) {
      values.emplace_back(axes[i].key, axes[i].values[at[i]]);
      name += fmt::format("{}{}={}", i == 0 ? "" : ",", values[i].first, values[i].second);
    }
    mapping::AcceleratorConfig one = load_combination(accelerator, values, where + ": " + name);
    one.name += "[" + name + "]";
    for (const Axis& axis : axes) one.places.emplace(axis.key, grid.where(axis.key));
    accelerators.push_back(std::move(one));
    std::size_t axis = axes.size();  // counts up, the last digit first
    while (axis > 0 && ++at[axis - 1] == axes[axis - 1].values.size()) at[--axis] = 0;
    more = axis > 0;
  }
  grid.finish();
  return accelerators;
}

void expect_different(const std::vector<mapping::AcceleratorConfig>& accelerators,
                      const std::string& where) {
  std::map<std::string, std::string> names;  // of configurations
  for (mapping::AcceleratorConfig one : accelerators) {
    const std::string name = std::exchange(one.name, "");
    const auto [first, is_new] = names.emplace(mapping::resolved_json(one), name);
    if (is_new) continue;
    throw InputError("{}: {} and {} are the same accelerator; expected each once", where,
                     first->second, name);
  }
}

}  // namespace brownout::runs
