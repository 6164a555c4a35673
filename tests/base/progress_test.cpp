// SPDX-License-Identifier: Apache-2.0
// Progress lines where stderr is no terminal: what was done of how much, the last note, once.
#include "sim/base/progress.hpp"

#include <gtest/gtest.h>

namespace brownout {
namespace {

TEST(Progress, CountsWorkThatJoinsAndWorkThatIsLeftOut) {
  testing::internal::CaptureStderr();
  {
    Progress progress("study", 10);
    progress.advance(3, "first");
    progress.add_work(7);
    progress.advance(2);
    progress.add_work(-12);
    progress.finish();
  }
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "study: 5/5 first, 0:00\n");
}

TEST(Progress, HasATotalOfOneAtLeast) {
  testing::internal::CaptureStderr();
  {
    Progress progress("nothing", 4);
    progress.add_work(-9);
  }
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "nothing: 0/1 0:00\n");
}

TEST(Progress, SaysNothingWhenQuiet) {
  testing::internal::CaptureStderr();
  {
    Progress progress("study", 10, true);
    progress.advance(10);
  }
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
}

}  // namespace
}  // namespace brownout
