// SPDX-License-Identifier: Apache-2.0
// brownout(1), from what the verbs declare.
#pragma once
#include <string>

#include "sim/cli/verb.hpp"

namespace brownout::cli {

/// The manual page in the man macros of roff.
std::string manual_page(const CLI::App& app);

}  // namespace brownout::cli
