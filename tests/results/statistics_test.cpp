// SPDX-License-Identifier: Apache-2.0
// Statistics against values computed by hand.
#include "sim/results/statistics.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>

namespace brownout::results {
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

TEST(Statistics, TheIntervalOfAPositiveNumberStaysPositive) {
  // Two samples, 1 and 3: mean 2, standard error 1, t = 12.7.
  const Spread s = positive_spread({1.0, 3.0});
  const double t = 1.0 / std::tan(0.025 * std::acos(-1.0));
  EXPECT_NEAR((*s.ci95)[0], 2.0 * std::exp(-t / 2), 1e-9);
  EXPECT_NEAR((*s.ci95)[1], 2.0 * std::exp(t / 2), 1e-6);
  EXPECT_LT((*spread({1.0, 3.0}).ci95)[0], 0.0);
  EXPECT_FALSE(positive_spread({0.0, 0.0}).ci95);
  EXPECT_FALSE(positive_spread({2.0}).ci95);
}

TEST(Statistics, NoSamplesBreakAnInvariant) { EXPECT_THROW(spread({}), std::logic_error); }

TEST(PairedDifference, TwoChipsDecideNothingAtTwoStandardErrors) {
  // Differences 3 and 5: mean 4, standard error 1. On one degree of freedom t = 4 is
  // p = 1 - 2·atan(4)/π.
  const PairedDifference found = paired_difference({13, 55}, {10, 50});
  EXPECT_DOUBLE_EQ(found.mean, 4.0);
  EXPECT_EQ(found.pairs, 2u);
  EXPECT_DOUBLE_EQ(*found.standard_error, 1.0);
  EXPECT_NEAR(*found.p, 1.0 - 2.0 * std::atan(4.0) / std::acos(-1.0), 1e-12);
  EXPECT_GT(*found.p, 0.15);
}

TEST(PairedDifference, HasTheTwoSidedPOfStudentsT) {
  // Differences 1, 3, 2: mean 2, deviation 1, t = 2·√3. Two degrees of freedom have the closed form
  // p = 1 - t/√(2 + t²).
  const PairedDifference found = paired_difference({1, 3, 2}, {0, 0, 0});
  const double t = 2.0 * std::sqrt(3.0);
  EXPECT_NEAR(*found.p, 1.0 - t / std::sqrt(2.0 + t * t), 1e-12);
  EXPECT_EQ(*paired_difference({0, 0, 0}, {1, 3, 2}).p, *found.p);
}

TEST(PairedDifference, OnePairHasNoStandardError) {
  const PairedDifference found = paired_difference({5}, {1});
  EXPECT_EQ(found.mean, 4.0);
  EXPECT_FALSE(found.standard_error);
  EXPECT_FALSE(found.p);
}

TEST(PairedDifference, EqualDifferencesAreNoSurerThanTheirResolution) {
  // With 200 images, an image is 0.5 points. Two chips that both lose one more image prove nothing;
  // two that both lose fifty more do.
  const PairedDifference one = paired_difference({6.5, 7.5}, {6.0, 7.0}, 0.5);
  EXPECT_DOUBLE_EQ(*one.standard_error, 0.5 / std::sqrt(12.0));
  EXPECT_GT(*one.p, 0.15);
  EXPECT_LT(*paired_difference({31.0, 32.0}, {6.0, 7.0}, 0.5).p, 0.005);
  EXPECT_EQ(*paired_difference({6.0, 7.0}, {6.0, 7.0}, 0.5).p, 1.0);
  EXPECT_EQ(*paired_difference({6.5, 7.5}, {6.0, 7.0}).p, 0.0);
}

TEST(PairedDifference, RejectsATrueNullInOneOfTwentyDraws) {
  std::mt19937_64 random(1);
  std::normal_distribution<double> chip(20.0, 5.0), noise(0.0, 1.0);
  for (const int chips : {2, 3, 10}) {
    constexpr int kDraws = 4000;
    int rejected = 0;
    for (int i = 0; i < kDraws; ++i) {
      std::vector<double> a, b;
      for (int c = 0; c < chips; ++c) {
        const double common = chip(random);
        a.push_back(common + noise(random));
        b.push_back(common + noise(random));
      }
      rejected += *paired_difference(a, b).p < 0.05 ? 1 : 0;
    }
    EXPECT_NEAR(static_cast<double>(rejected) / kDraws, 0.05, 0.012) << chips;  // 3.5 deviations
  }
}

TEST(Holm, AdjustsByHand) {
  // Sorted 0.01, 0.02, 0.03, 0.04: 4·0.01, 3·0.02, then 2·0.03 and the larger of 0.06 and 0.04.
  const std::vector<double> found = holm_adjusted({0.03, 0.01, 0.04, 0.02});
  const std::vector<double> expected{0.06, 0.04, 0.06, 0.06};
  for (std::size_t i = 0; i < expected.size(); ++i) EXPECT_DOUBLE_EQ(found[i], expected[i]);
  EXPECT_EQ(holm_adjusted({0.7, 0.6}), (std::vector<double>{1.0, 1.0}));
  EXPECT_EQ(holm_adjusted({0.3}), std::vector<double>{0.3});
  EXPECT_TRUE(holm_adjusted({}).empty());
}

TEST(Holm, OfManyTrueNullsOneInTwentyFamiliesHasAnyRejected) {
  std::mt19937_64 random(2);
  std::uniform_real_distribution<double> uniform(0.0, 1.0);
  constexpr int kFamilies = 4000;
  int rejected = 0;
  for (int i = 0; i < kFamilies; ++i) {
    std::vector<double> p(20);
    for (double& value : p) value = uniform(random);
    const std::vector<double> adjusted = holm_adjusted(p);
    rejected += *std::min_element(adjusted.begin(), adjusted.end()) < 0.05 ? 1 : 0;
  }
  EXPECT_NEAR(static_cast<double>(rejected) / kFamilies, 0.05, 0.012);
}

TEST(Statistics, PropositionOneOfThePaper) {
  // RandBET: n = 10^4, l = 10^6, delta = 0.01 gives 4.1 points.
  EXPECT_NEAR(proposition1_excess(10000, 1000000), 4.1, 0.05);
  // By hand: sqrt(ln(101/0.01)/100)·(sqrt(25)+sqrt(100))/sqrt(25) = sqrt(0.0922029…)·3.
  EXPECT_NEAR(proposition1_excess(100, 25), 100 * std::sqrt(std::log(10100.0) / 100) * 3, 1e-10);
  EXPECT_NEAR(proposition1_excess(100, 25), 91.0948, 1e-3);
}

}  // namespace
}  // namespace brownout::results
