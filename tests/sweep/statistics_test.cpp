// SPDX-License-Identifier: Apache-2.0
// Statistics against values computed by hand.
#include "sim/sweep/statistics.hpp"

#include <gtest/gtest.h>

#include <cmath>

namespace brownout::sweep {
namespace {

TEST(Statistics, SpreadOfThreeSamples) {
  const Spread s = spread({10.0, 12.0, 14.0});
  EXPECT_DOUBLE_EQ(s.mean, 12.0);
  ASSERT_TRUE(s.std && s.ci95);
  EXPECT_DOUBLE_EQ(*s.std, 2.0);  // sqrt((4 + 0 + 4)/2)
  // Student's t at 97.5 % with 2 degrees of freedom has a closed form: 0.95/sqrt(2·0.975·0.025).
  const double half = 0.95 / std::sqrt(0.04875) * 2.0 / std::sqrt(3.0);
  EXPECT_NEAR((*s.ci95)[0], 12.0 - half, 1e-12);
  EXPECT_NEAR((*s.ci95)[1], 12.0 + half, 1e-12);
}

TEST(Statistics, IntervalOfFiftySamplesUsesFortyNineDegreesOfFreedom) {
  std::vector<double> samples;
  for (int i = 0; i < 50; ++i) samples.push_back(i % 2 == 0 ? 1.0 : 3.0);
  const Spread s = spread(samples);
  EXPECT_DOUBLE_EQ(s.mean, 2.0);
  EXPECT_NEAR(*s.std, std::sqrt(50.0 / 49.0), 1e-15);
  // t at 97.5 % with 49 degrees of freedom is 2.0095752371292.
  EXPECT_NEAR((*s.ci95)[1] - 2.0, 2.0095752371292 / 7.0, 1e-12);
}

TEST(Statistics, EqualSamplesHaveExactlyTheirOwnMean) {
  for (const int n : {3, 7, 10, 50}) {  // 0.1 · 10 / 10 is not 0.1 in every order
    for (const double value : {0.1, 7.3, 0.9291958066373649}) {
      const Spread s = spread(std::vector<double>(static_cast<std::size_t>(n), value));
      EXPECT_EQ(s.mean, value) << n;
      EXPECT_EQ(*s.std, 0.0);
    }
  }
}

TEST(Statistics, OneSampleHasNeitherDeviationNorInterval) {
  const Spread s = spread({7.5});
  EXPECT_EQ(s.mean, 7.5);
  EXPECT_FALSE(s.std);
  EXPECT_FALSE(s.ci95);
}

TEST(Statistics, EqualSamplesHaveAnIntervalOfNoWidth) {
  const Spread s = spread({5.0, 5.0, 5.0, 5.0});
  EXPECT_EQ(*s.std, 0.0);
  EXPECT_EQ((*s.ci95)[0], 5.0);
  EXPECT_EQ((*s.ci95)[1], 5.0);
}

TEST(Statistics, NoSamplesBreakAnInvariant) { EXPECT_THROW(spread({}), std::logic_error); }

TEST(Statistics, PropositionOneOfThePaper) {
  // RandBET: n = 10^4, l = 10^6, delta = 0.01 gives 4.1 points.
  EXPECT_NEAR(proposition1_excess(10000, 1000000), 4.1, 0.05);
  // By hand: sqrt(ln(101/0.01)/100)·(sqrt(25)+sqrt(100))/sqrt(25) = sqrt(0.0922029…)·3.
  EXPECT_NEAR(proposition1_excess(100, 25), 100 * std::sqrt(std::log(10100.0) / 100) * 3, 1e-10);
  EXPECT_NEAR(proposition1_excess(100, 25), 91.0948, 1e-3);
}

}  // namespace
}  // namespace brownout::sweep
