// SPDX-License-Identifier: Apache-2.0
// Test helpers: exact comparison of networks, a folder that cleans up, the message of an error.
#pragma once
#include <filesystem>
#include <functional>
#include <string>

#include "sim/network/network.hpp"

namespace brownout::network {

/// Every field equal, floats bit for bit.
void expect_same(const Network& expected, const Network& found, const std::string& context);

/// A fresh temporary folder, in memory where possible, removed with its content at the end.
class TemporaryFolder {
 public:
  TemporaryFolder();
  ~TemporaryFolder();
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

/// The message of the InputError that `action` throws; "no error" without one.
std::string input_error(const std::function<void()>& action);

}  // namespace brownout::network
