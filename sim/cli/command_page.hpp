// SPDX-License-Identifier: Apache-2.0
// docs/command.md, from what the verbs declare.
#pragma once
#include <string>

#include "sim/command/verb.hpp"

namespace brownout::cli {

/// The whole page: every verb with its usage, an example, and a table of its options.
std::string command_page(const CLI::App& app);

}  // namespace brownout::cli
