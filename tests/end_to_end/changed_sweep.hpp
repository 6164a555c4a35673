// SPDX-License-Identifier: Apache-2.0
// The sweep of the workplace with further keys.
#pragma once
#include <gtest/gtest.h>

#include <filesystem>
#include <string>

#include "sim/base/files.hpp"
#include "tests/end_to_end/workplace.hpp"

namespace brownout::end_to_end {

class ChangedSweep : public testing::Test {
 protected:
  void SetUp() override { plain_ = read_file(workplace_.sweep_file()); }
  Outcome sweep(const std::string& more, const std::string& out) const {
    workplace_.write("sweep.yaml", plain_ + more);
    return workplace_.run(BROWNOUT_BINARY,
                          {"sweep", "sweep.yaml", "--out", out, "--json", "-", "--no-plot"});
  }
  nlohmann::json finished(const std::string& more, const std::string& out) const {
    const Outcome outcome = sweep(more, out);
    EXPECT_EQ(outcome.code, 0) << outcome.err;
    text_ = outcome.err;
    return outcome.json();
  }
  void expect_refused(const std::string& more, const std::string& expected) const {
    const Outcome outcome = sweep(more, "refused");
    EXPECT_EQ(outcome.code, 2) << outcome.out;
    EXPECT_NE(outcome.err.find(expected), std::string::npos) << outcome.err;
    EXPECT_FALSE(std::filesystem::exists(workplace_.folder() / "refused"));
  }
  Workplace workplace_;
  std::string plain_;         // the file without further keys
  mutable std::string text_;  // of the last one that finished
};

}  // namespace brownout::end_to_end
