// SPDX-License-Identifier: Apache-2.0
// A folder for a result store.
#pragma once
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <string>

#include "sim/base/error.hpp"
#include "sim/results/store.hpp"

namespace brownout::results {

inline constexpr char kIdentity[] = R"({"images": 1000, "chips": 10, "models": [{"name": "a"}]})";

class StoreTest : public testing::Test {
 protected:
  void SetUp() override {
    root_ = std::filesystem::path(testing::TempDir()) /
            ("brownout-store-" + std::to_string(::getpid()));
    std::filesystem::remove_all(root_);
    std::filesystem::create_directories(root_);
    folder_ = root_ / "out";
  }
  void TearDown() override { std::filesystem::remove_all(root_); }

  std::filesystem::path rows_file() const { return folder_ / "results.sqlite"; }

  std::string message_of_opening(const std::string& identity = kIdentity) {
    try {
      const Store store(folder_, identity);
    } catch (const InputError& error) {
      return error.what();
    }
    return "";
  }

  std::filesystem::path root_, folder_;
};

}  // namespace brownout::results
