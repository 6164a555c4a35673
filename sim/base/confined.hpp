// SPDX-License-Identifier: Apache-2.0
// Another program, run only for what it prints and kept away from everything else.
#pragma once
#include <filesystem>
#include <string>
#include <vector>

namespace brownout {

/// Runs `words` (a program of the search path and its arguments) in `folder` and returns all that
/// it writes to stdout. Its other output is lost, and its stdin is empty. It can read what we can
/// read, but it can start no process and write no file, and variables whose names begin with an
/// entry of `hidden` are not in its environment. `status` is its exit status, 128 + the signal that
/// ended it, or 127 when it does not start.
std::string run_confined(const std::vector<std::string>& words, const std::filesystem::path& folder,
                         const std::vector<std::string>& hidden, int& status);

}  // namespace brownout
