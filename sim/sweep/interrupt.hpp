// SPDX-License-Identifier: Apache-2.0
// Files that must not stay behind when the user interrupts the program.
#pragma once

#include <csignal>
#include <filesystem>
#include <vector>

namespace brownout::sweep {

/// While it lives, SIGINT and SIGTERM remove these files before they end the program; ignored ones
/// stay ignored. One at a time, at most kMaxFiles files.
class RemoveOnInterrupt {
 public:
  static constexpr int kMaxFiles = 4;
  explicit RemoveOnInterrupt(const std::vector<std::filesystem::path>& files);
  ~RemoveOnInterrupt();
  RemoveOnInterrupt(const RemoveOnInterrupt&) = delete;
  RemoveOnInterrupt& operator=(const RemoveOnInterrupt&) = delete;

 private:
  struct sigaction before_[2];
};

}  // namespace brownout::sweep
