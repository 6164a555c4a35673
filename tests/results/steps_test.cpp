// SPDX-License-Identifier: Apache-2.0
// The range of voltages in which a result of a chip with steps holds.
#include "sim/results/steps.hpp"

#include <gtest/gtest.h>

namespace brownout::results {
namespace {

using Ends = std::vector<double>;
const std::vector<double> kSteps{0.8, 0.85, 0.9};

TEST(Steps, AResultHoldsFromTheStepBelowUpToTheNext) {
  EXPECT_EQ(ends_of_step(0.85, kSteps), (Ends{0.85, 0.9}));
  EXPECT_EQ(ends_of_step(0.87, kSteps), (Ends{0.85, 0.9}));
  EXPECT_EQ(ends_of_step(0.8, kSteps), (Ends{0.8, 0.85}));
  // As people type them.
  EXPECT_EQ(ends_of_step(0.85 - 1e-12, kSteps), (Ends{0.85 - 1e-12, 0.9}));
  // Above the last step the result holds everywhere, but it is drawn no further than was asked for.
  EXPECT_EQ(ends_of_step(0.95, kSteps), (Ends{0.9, 0.95}));
  EXPECT_EQ(ends_of_step(0.9, kSteps), (Ends{0.9}));
  EXPECT_EQ(ends_of_step(0.87, {}), (Ends{0.87}));
}

}  // namespace
}  // namespace brownout::results
