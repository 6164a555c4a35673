// SPDX-License-Identifier: Apache-2.0
// The search for the lowest voltage that meets the limit.
#include "sim/sweep/safe_voltage.hpp"

#include <gtest/gtest.h>

#include <map>

namespace brownout::sweep {
namespace {

const std::vector<double> kGrid{1.0, 0.95, 0.9, 0.85, 0.8};

/// Loses 1000 points per Vmin below `knee`.
std::function<double(double)> falling_below(double knee, std::map<double, int>& asked) {
  return [knee, &asked](double voltage) {
    ++asked[voltage];
    return voltage >= knee ? 0.0 : 1000.0 * (knee - voltage);
  };
}

TEST(SafeVoltage, IsFoundWithinTheToleranceBetweenGridPoints) {
  for (const double knee : {0.9321, 0.8777, 0.851, 0.899999}) {
    std::map<double, int> asked;
    const auto safe = find_safe_voltage(kGrid, 2.0, 0.002, falling_below(knee, asked));
    ASSERT_TRUE(safe && safe->fails_at);
    const double truth = knee - 0.002;  // loses exactly 2 points
    EXPECT_GE(safe->voltage, truth);
    EXPECT_LT(*safe->fails_at, truth);
    EXPECT_LE(safe->voltage - *safe->fails_at, 0.002);
    for (const auto& [voltage, times] : asked) EXPECT_EQ(times, 1) << voltage;
  }
}

TEST(SafeVoltage, AtTheLimitIsStillSafe) {
  const auto safe = find_safe_voltage({1.0, 0.5}, 2.5, 0.6, [](double) { return 2.5; });
  ASSERT_TRUE(safe);
  EXPECT_EQ(safe->voltage, 0.5);
}

TEST(SafeVoltage, GridEndIsReportedAsSuch) {
  std::map<double, int> asked;
  const auto safe = find_safe_voltage(kGrid, 2.0, 0.002, falling_below(0.5, asked));
  ASSERT_TRUE(safe);
  EXPECT_EQ(safe->voltage, 0.8);
  EXPECT_FALSE(safe->fails_at);
  EXPECT_EQ(asked.size(), kGrid.size());
}

TEST(SafeVoltage, NoneWhenTheHighestVoltageFails) {
  EXPECT_FALSE(find_safe_voltage(kGrid, 2.0, 0.002, [](double) { return 3.0; }));
}

TEST(SafeVoltage, StaysAboveTheFirstFailureEvenIfLowerVoltagesRecover) {
  const auto safe = find_safe_voltage(kGrid, 2.0, 0.1, [](double v) { return v == 0.9 ? 5. : 0.; });
  ASSERT_TRUE(safe);
  EXPECT_EQ(safe->voltage, 0.95);
  EXPECT_EQ(*safe->fails_at, 0.9);
}

}  // namespace
}  // namespace brownout::sweep
