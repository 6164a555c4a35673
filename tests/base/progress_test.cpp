// SPDX-License-Identifier: Apache-2.0
// Progress lines when stderr is not a terminal: how much of it was done, the last note, and the
// time, by a clock that the test moves.
#include "sim/base/progress.hpp"

#include <gtest/gtest.h>

namespace brownout {
namespace {

using std::chrono::seconds;

class ProgressTest : public testing::Test {
 protected:
  Progress progress(const std::string& title, std::int64_t total, bool quiet = false) {
    return {title, total, quiet, [this] { return now_; }};
  }
  Progress::Clock::time_point now_{};
};

TEST_F(ProgressTest, CountsWorkThatJoinsAndWorkThatIsLeftOut) {
  testing::internal::CaptureStderr();
  {
    Progress study = progress("study", 10);
    study.advance(3, "first");
    study.add_work(7);
    study.advance(2);
    study.add_work(-12);
    now_ += seconds(83);
    study.finish();
  }
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "study: 5/5 first, 1:23\n");
}

TEST_F(ProgressTest, SaysEveryTenSecondsHowLongItTakesStill) {
  testing::internal::CaptureStderr();
  {
    Progress sweep = progress("sweep", 8);
    now_ += seconds(9);
    sweep.advance();
    now_ += seconds(1);
    sweep.advance();  // 2 of 8 in 10 s
    now_ += seconds(9);
    sweep.advance();
    now_ += seconds(3600);
  }
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "sweep: 2/8 0:30 left\nsweep: 3/8 1:00:19\n");
}

TEST_F(ProgressTest, WorkFoundTakesNoTime) {
  testing::internal::CaptureStderr();
  {
    Progress train = progress("train", 100);
    train.found(80);
    now_ += seconds(10);
    train.advance(5);  // 5 in 10 s, 15 are left
    now_ += seconds(1);
  }
  EXPECT_EQ(testing::internal::GetCapturedStderr(),
            "train: 85/100 0:30 left\ntrain: 85/100 0:11\n");
}

TEST_F(ProgressTest, HasATotalOfOneAtLeast) {
  testing::internal::CaptureStderr();
  {
    Progress nothing = progress("nothing", 4);
    nothing.add_work(-9);
  }
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "nothing: 0/1 0:00\n");
}

TEST_F(ProgressTest, SaysNothingWhenQuiet) {
  testing::internal::CaptureStderr();
  {
    Progress study = progress("study", 10, true);
    now_ += seconds(20);
    study.advance(10);
  }
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
}

}  // namespace
}  // namespace brownout
