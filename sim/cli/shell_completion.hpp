// SPDX-License-Identifier: Apache-2.0
// Completion of the command in a shell, from what the verbs declare.
#pragma once
#include <string>

#include "sim/cli/verb.hpp"

namespace brownout::cli {

/// A script for bash (and for zsh with bashcompinit): verbs, options, topics, values of a list.
/// Everything else is completed as a file.
std::string shell_completion(const CLI::App& app);

}  // namespace brownout::cli
