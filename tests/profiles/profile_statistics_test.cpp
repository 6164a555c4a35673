// SPDX-License-Identifier: Apache-2.0
// Statistics of profiles, on maps small enough to count by hand and on independent cells.
#include "sim/profiles/profile_statistics.hpp"

#include <gtest/gtest.h>

#include "gaussian_profile.hpp"

namespace brownout::profiles {
namespace {

/// Two arrays of 4 rows and 3 columns; cell = array·12 + row·3 + column.
Profile by_hand() {
  Profile profile;
  profile.name = "by hand";
  profile.origin = "a test";
  profile.arrays = 2;
  profile.rows = 4;
  profile.columns = 3;
  profile.levels = {
      // Array 0: column 1 at rows 0, 1, 3; row 1 also at column 2. Array 1: column 1 at row 0.
      {0.75,
       {{1, 1.0f, 0.0f}, {4, 0.0f, 0.5f}, {5, 0.25f, 0.0f}, {10, 1.0f, 1.0f}, {13, 0.0f, 0.985f}}},
      {0.8, {{1, 0.5f, 0.0f}, {4, 0.0f, 0.75f}, {7, 0.0f, 0.25f}}},
      {0.85, {}},
  };
  return profile;
}

TEST(ProfileStatistics, RatesAreMeansOverAllCells) {
  const LevelStatistics level = profile_statistics(by_hand())[0];
  EXPECT_EQ(level.voltage, 0.75);
  EXPECT_DOUBLE_EQ(level.p01, 2.25 / 24);
  EXPECT_DOUBLE_EQ(level.p10, (0.5 + 1.0 + static_cast<double>(0.985f)) / 24);
  EXPECT_DOUBLE_EQ(level.p, (1.0 + 0.5 + 0.25 + 1.0 + static_cast<double>(0.985f)) / 24);
  EXPECT_DOUBLE_EQ(level.persistent, 3.0 / 24);
  EXPECT_EQ(level.faulty_cells, 5u);
  EXPECT_EQ(level.faulty_01, 3u) << "a cell that flips both ways counts as 0→1";
  EXPECT_DOUBLE_EQ(level.faulty, 5.0 / 24);
  EXPECT_DOUBLE_EQ(*level.probabilistic, 2.0 / 5);
}

TEST(ProfileStatistics, PairsAreCountedWithinAnArrayOnly) {
  const LevelStatistics level = profile_statistics(by_hand())[0];
  EXPECT_EQ(level.column_pairs.pairs, 3u) << "cell 13 is in column 1 of another array";
  EXPECT_DOUBLE_EQ(level.column_pairs.expected, 10.0 * 3 / 23);
  EXPECT_DOUBLE_EQ(*level.column_pairs.ratio, 3.0 / (30.0 / 23));
  EXPECT_EQ(level.row_pairs.pairs, 1u);
  EXPECT_DOUBLE_EQ(level.row_pairs.expected, 10.0 * 2 / 23);
}

TEST(ProfileStatistics, NestingIsAgainstTheNextHigherVoltage) {
  const auto levels = profile_statistics(by_hand());
  // Of cells 1, 4, 7: cell 1 errs more at 0.75, cell 4 less, cell 7 not at all.
  EXPECT_DOUBLE_EQ(*levels[0].nested_share, 1.0 / 3);
  EXPECT_DOUBLE_EQ(*levels[0].contained_share, 2.0 / 3);
  EXPECT_EQ(levels[0].not_nested, 2u);
  EXPECT_FALSE(levels[1].nested_share) << "nothing is faulty above";
  EXPECT_EQ(levels[1].not_nested, 0u);
  EXPECT_FALSE(levels[2].nested_share);
}

TEST(ProfileStatistics, ALowerProbabilityInOneDirectionBreaksNesting) {
  Profile profile = by_hand();
  profile.levels = {{0.7, {{3, 1.0f, 0.1f}}}, {0.8, {{3, 0.5f, 0.2f}}}};
  EXPECT_EQ(*profile_statistics(profile)[0].nested_share, 0.0);
}

TEST(ProfileStatistics, SpreadAndTopColumns) {
  const LevelStatistics level = profile_statistics(by_hand())[0];
  EXPECT_DOUBLE_EQ(level.array_p.lowest, static_cast<double>(0.985f) / 12);
  EXPECT_DOUBLE_EQ(level.array_p.highest, 2.75 / 12);
  EXPECT_DOUBLE_EQ(level.array_p.median, 0.5 * (level.array_p.lowest + level.array_p.highest));
  EXPECT_EQ(level.top_columns, 1u);
  EXPECT_DOUBLE_EQ(*level.top_columns_share, 3.0 / 5);
}

TEST(ProfileStatistics, ALevelWithoutErrorsHasNoShares) {
  const LevelStatistics level = profile_statistics(by_hand())[2];
  EXPECT_EQ(level.p, 0.0);
  EXPECT_FALSE(level.probabilistic);
  EXPECT_FALSE(level.column_pairs.ratio);
  EXPECT_FALSE(level.row_pairs.ratio);
  EXPECT_FALSE(level.top_columns_share);
}

TEST(ProfileStatistics, FullAndOneLineArraysHaveRatioOneOrNone) {
  Profile profile;
  profile.arrays = 1;
  profile.rows = 1;
  profile.columns = 8;
  profile.levels = {{0.8, {}}};
  for (std::uint64_t cell = 0; cell < 8; ++cell) profile.levels[0].cells.push_back({cell, 1, 0});
  const LevelStatistics level = profile_statistics(profile)[0];
  EXPECT_FALSE(level.column_pairs.ratio) << "columns of one cell have no pairs";
  EXPECT_DOUBLE_EQ(*level.row_pairs.ratio, 1.0);
  EXPECT_DOUBLE_EQ(*level.row_pairs.error, 0.0);
}

TEST(ProfileStatistics, IndependentCellsHavePairRatiosOfOneWithinTheStatedError) {
  double squares = 0.0;
  int count = 0;
  for (unsigned seed = 1; seed <= 40; ++seed) {
    GaussianChip chip;
    chip.arrays = 2;
    chip.rows = 256;
    chip.voltages = {0.8};
    const LevelStatistics level = profile_statistics(gaussian_profile(chip, seed))[0];
    for (const LinePairs& pairs : {level.column_pairs, level.row_pairs}) {
      const double deviation = (*pairs.ratio - 1.0) / *pairs.error;
      EXPECT_LT(std::abs(deviation), 4.5) << "seed " << seed;
      squares += deviation * deviation;
      ++count;
    }
  }
  // 80 squares of unit variance: 1 ± 4·sqrt(2/80).
  EXPECT_NEAR(squares / count, 1.0, 0.64);
}

TEST(ProfileStatistics, StripedChipsHaveMorePairsInColumnsOnly) {
  GaussianChip chip;
  chip.column_sigma = 0.04;
  chip.arrays = 8;
  const auto levels = profile_statistics(gaussian_profile(chip, 3));
  EXPECT_GT(*levels[0].column_pairs.ratio, 1.5);
  EXPECT_GT(*levels[3].column_pairs.ratio, *levels[0].column_pairs.ratio);
  EXPECT_NEAR(*levels[0].row_pairs.ratio, 1.0, 0.1);
  EXPECT_GT(*levels[2].top_columns_share, 3.0 / 32);
  for (std::size_t i = 0; i + 1 < levels.size(); ++i) EXPECT_EQ(*levels[i].nested_share, 1.0);
}

TEST(CompareProfiles, AProfileOverlapsWithItselfCompletely) {
  const Profile profile = by_hand();
  const ProfileComparison comparison = compare_profiles(profile, profile);
  ASSERT_TRUE(comparison.same_geometry);
  ASSERT_EQ(comparison.levels.size(), 3u);
  const auto& overlap = *comparison.levels[0].overlap;
  EXPECT_EQ(overlap.common, 5u);
  EXPECT_DOUBLE_EQ(overlap.expected, 25.0 / 24);
  EXPECT_EQ(*overlap.same_direction, 1.0);
  EXPECT_DOUBLE_EQ(*overlap.expected_same_direction, 0.6 * 0.6 + 0.4 * 0.4);
  EXPECT_FALSE(comparison.levels[2].overlap->ratio);
}

TEST(CompareProfiles, IndependentChipsOverlapByChance) {
  double squares = 0.0;
  for (unsigned seed = 0; seed < 20; ++seed) {
    GaussianChip chip;
    chip.arrays = 4;
    chip.voltages = {0.78};
    const ProfileComparison comparison =
        compare_profiles(gaussian_profile(chip, 100 + seed), gaussian_profile(chip, 200 + seed));
    const auto& overlap = *comparison.levels[0].overlap;
    const double deviation = (*overlap.ratio - 1.0) / *overlap.error;
    EXPECT_LT(std::abs(deviation), 4.5) << "seed " << seed;
    squares += deviation * deviation;
    EXPECT_NEAR(*overlap.same_direction, *overlap.expected_same_direction, 0.1);
  }
  EXPECT_NEAR(squares / 20, 1.0, 1.3);
}

TEST(CompareProfiles, TakesTheNearestLowerVoltageOfTheSecond) {
  Profile a = by_hand();
  Profile b = by_hand();
  a.levels[0].voltage = 0.74;
  a.levels[1].voltage = 0.79;
  a.levels[2].voltage = 2.0;
  const ProfileComparison comparison = compare_profiles(a, b);
  EXPECT_EQ(comparison.not_covered, std::vector<double>{0.74});
  ASSERT_EQ(comparison.levels.size(), 2u);
  EXPECT_EQ(comparison.levels[0].voltage_b, 0.75);
  EXPECT_EQ(comparison.levels[1].voltage_b, 0.85);
  EXPECT_EQ(comparison.levels[0].overlap->common, 2u) << "cells 1 and 4";
}

TEST(CompareProfiles, CellsOfOtherGeometriesAreNotCompared) {
  Profile a = by_hand();
  a.arrays = 3;
  const ProfileComparison comparison = compare_profiles(a, by_hand());
  EXPECT_FALSE(comparison.same_geometry);
  EXPECT_FALSE(comparison.levels[0].overlap);
  EXPECT_GT(comparison.levels[0].b.p, comparison.levels[0].a.p);
}

}  // namespace
}  // namespace brownout::profiles
