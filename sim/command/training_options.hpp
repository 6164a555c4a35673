// SPDX-License-Identifier: Apache-2.0
// Options of `brownout train`, which is the program brownout-train. They stand here because help,
// manual pages and completions show them, wherever the trainer itself is not built.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "sim/command/verb.hpp"

namespace brownout::cli {

struct TrainingOptions {
  std::string config;
  std::vector<std::string> assignments;  // --set
  std::string output, progress, export_only;
  int threads = 0;  // 0: all, or those of a checkpoint
  std::optional<std::uint64_t> seed;
  std::optional<int> epochs;
  std::optional<std::int64_t> steps, images;
  std::string device = "auto";
  bool resume = false, quiet = false, check = false;
};

void add_training_options(Verb& verb, TrainingOptions& options);

}  // namespace brownout::cli
