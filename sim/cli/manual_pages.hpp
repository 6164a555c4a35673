// SPDX-License-Identifier: Apache-2.0
// brownout(1) and a page for every verb, from what the verbs declare and the guide says.
#pragma once
#include <string>
#include <utility>
#include <vector>

#include "sim/command/verb.hpp"

namespace brownout::cli {

/// The page of the program.
std::string manual_page(const CLI::App& app);
/// The page of a verb or a group of verbs.
std::string manual_page_of(const CLI::App& verb);

/// "brownout", or "brownout-model-inspect"; brownout-train is that of the program of this name.
std::string page_name(const CLI::App& verb);

}  // namespace brownout::cli
