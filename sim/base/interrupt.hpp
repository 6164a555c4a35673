// SPDX-License-Identifier: Apache-2.0
// Files that must not remain when the user interrupts the program.
#pragma once

#include <csignal>
#include <filesystem>
#include <vector>

namespace brownout {

/// While the object lives, SIGINT and SIGTERM remove these files before they end the program;
/// ignored signals stay ignored. Only one object at a time, with at most kMaxFiles files.
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

}  // namespace brownout
