// SPDX-License-Identifier: Apache-2.0
// Differences on the same chips, by hand.
#include "sim/study/comparison.hpp"

#include <gtest/gtest.h>

#include <cmath>

namespace brownout::study {
namespace {

using Verdict = Difference::Verdict;

TEST(Comparison, PairsChipByChip) {
  // Far apart from chip to chip, but always 1 or 3 apart: paired, that is clear.
  const Difference found = difference({{11, 53, 31, 93}}, {{10, 50, 30, 90}});
  EXPECT_DOUBLE_EQ(found.mean, 2.0);
  // Sample deviation of 1, 3, 1, 3 is sqrt(4/3).
  EXPECT_DOUBLE_EQ(*found.standard_error, std::sqrt(4.0 / 3) / 2);
  EXPECT_EQ(found.chips, 4u);
  EXPECT_EQ(found.verdict(), Verdict::kHigher);
  EXPECT_FALSE(found.seeds_standard_error);
  EXPECT_EQ(difference({{10, 50, 30, 90}}, {{11, 53, 31, 93}}).verdict(), Verdict::kLower);
}

TEST(Comparison, WithinTwoStandardErrorsIsNotClear) {
  // Differences 1, -1, 1, 1: mean 0.5, deviation 1, standard error 0.5.
  const Difference found = difference({{1, 0, 1, 1}}, {{0, 1, 0, 0}});
  EXPECT_DOUBLE_EQ(found.mean, 0.5);
  EXPECT_DOUBLE_EQ(*found.standard_error, 0.5);
  EXPECT_EQ(found.verdict(), Verdict::kNotClear);
  EXPECT_EQ(difference({{5}}, {{1}}).verdict(), Verdict::kNotClear);      // one chip says nothing
  EXPECT_EQ(difference({{2, 2}}, {{1, 1}}).verdict(), Verdict::kHigher);  // always the same
  EXPECT_EQ(difference({{1, 1}}, {{1, 1}}).verdict(), Verdict::kNotClear);
}

TEST(Comparison, SeedsAreAveragedOnEachChipAndPairedAsNetworks) {
  const Difference found = difference({{4, 6}, {8, 10}}, {{1, 3}, {3, 5}});
  EXPECT_DOUBLE_EQ(found.mean, 4.0);             // 6 - 2 and 8 - 4
  EXPECT_DOUBLE_EQ(*found.standard_error, 0.0);  // over the chips
  // Network by network 3 and 5: deviation sqrt(2), standard error 1.
  EXPECT_DOUBLE_EQ(*found.seeds_standard_error, 1.0);
  EXPECT_FALSE(difference({{4, 6}, {8, 10}}, {{1, 3}}).seeds_standard_error);
}

TEST(Comparison, OnOneChipTheSeedsDecide) {
  // Network by network 3, 5 and 4: standard error 1/sqrt(3).
  const Difference found = difference({{4}, {8}, {6}}, {{1}, {3}, {2}});
  EXPECT_FALSE(found.standard_error);
  EXPECT_DOUBLE_EQ(*found.seeds_standard_error, 1.0 / std::sqrt(3.0));
  EXPECT_EQ(found.verdict(), Verdict::kHigher);
  EXPECT_EQ(difference({{4}, {8}}, {{8}, {4}}).verdict(), Verdict::kNotClear);
}

TEST(Comparison, OnlyChipsThatBothHaveCount) {
  const Difference found = difference({{5, 6, 1000}}, {{1, 2}});
  EXPECT_EQ(found.chips, 2u);
  EXPECT_DOUBLE_EQ(found.mean, 4.0);
}

}  // namespace
}  // namespace brownout::study
