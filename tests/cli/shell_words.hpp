// SPDX-License-Identifier: Apache-2.0
// How a shell splits a command line.
#pragma once
#include <string>
#include <vector>

namespace brownout::cli {

/// The words of a command as /bin/sh reads it; a remark after # is left out.
std::vector<std::string> shell_words(const std::string& command);

}  // namespace brownout::cli
