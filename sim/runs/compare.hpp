// SPDX-License-Identifier: Apache-2.0
// `brownout compare`: several networks on the same chips and images, and the differences of their
// errors, pair by pair.
#pragma once
#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "sim/results/comparison.hpp"
#include "sim/runs/eval.hpp"

namespace brownout::runs {

inline constexpr int kMostCompared = 32;  // networks

struct CompareConfig {
  std::vector<std::filesystem::path> models;
  EvalConfig common;  // of all networks; its model is not used
};

/// Two networks by their indices in CompareResult::networks. Differences are first - second.
struct NetworkPair {
  std::size_t first = 0, second = 0;
  results::Difference clean;                // paired image by image
  std::optional<results::Difference> rerr;  // paired chip by chip and image by image; none without
                                            // chips
};

struct CompareResult {
  std::vector<EvalResult> networks;
  std::vector<std::string> names;  // of the networks, all different
  std::vector<NetworkPair> pairs;  // every pair once

  /// What the verdicts are about: RErr, or the clean error if there are no chips. Its p are
  /// adjusted together for all pairs.
  const results::Difference& decided(const NetworkPair& pair) const;
};

/// InputError for fewer than two networks and for a file that is given twice. `threads` changes
/// time only.
CompareResult run_compare(const CompareConfig& config, int threads, bool quiet);

}  // namespace brownout::runs
