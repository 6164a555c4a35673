// SPDX-License-Identifier: Apache-2.0
// Options of the verbs that evaluate networks at one operating point on a list of chips: `eval` and
// `compare`.
#pragma once
#include <filesystem>
#include <string>
#include <vector>

#include "sim/cli/setup_options.hpp"
#include "sim/runs/eval_settings.hpp"

namespace brownout::cli {

struct EvalOptions : runs::EvalSettings {
  CommonOptions common;
  std::string samples;
};

/// All of them but the networks, with common options and --seed, and the rules between them.
void add_eval_options(Verb& verb, EvalOptions& options);

/// Without a network. InputError for values that do not go together.
runs::EvalConfig eval_config(const EvalOptions& options);

/// The files that `config` was read from.
std::vector<std::filesystem::path> inputs_of(const runs::EvalConfig& config);

}  // namespace brownout::cli
