// SPDX-License-Identifier: Apache-2.0
// `compare:` of a sweep file: differences of points that differ in one thing, paired on the same
// chips and images.
#pragma once
#include <vector>

#include "sim/base/yaml.hpp"
#include "sim/results/sweep_result.hpp"
#include "sim/runs/sweep_file.hpp"

namespace brownout::runs {

/// Reads the key, once all lists of the sweep are known.
std::vector<PointComparison> read_comparisons(YamlMap& root, const SweepConfig& config);

/// Which images each chip gets wrong at each of the grid's points, in their order.
using WrongByPoint = std::vector<std::vector<results::WrongImages>>;

/// All differences that the sweep asks for. Their p are adjusted together. Accelerators that share
/// the errors of another one are left out.
std::vector<results::PointDifference> compare_points(const SweepConfig& config,
                                                     const results::SweepResult& result,
                                                     const WrongByPoint& wrong);

}  // namespace brownout::runs
