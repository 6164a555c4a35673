// SPDX-License-Identifier: Apache-2.0
// Places of a memory on a map: even over bit positions, random over cells; and how good a mean over
// them is on a die whose truth is known.
#include "sim/results/places.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <set>

#include "sim/base/error.hpp"
#include "sim/results/statistics.hpp"

namespace brownout::results {
namespace {

constexpr std::uint64_t kCells = 262144;

TEST(Places, AreEvenOverBitPositionsAndTheFirstOfMore) {
  for (const std::uint64_t seed : {0, 1, 2, 77}) {
    const auto many = draw_places(kCells, 64, seed);
    for (const std::int64_t count : {1, 2, 3, 4, 7, 8, 15, 16, 25, 64}) {
      const auto places = draw_places(kCells, count, seed);
      ASSERT_TRUE(std::equal(places.begin(), places.end(), many.begin()));
      std::vector<int> positions(8, 0);
      for (const std::uint64_t place : places) {
        EXPECT_LT(place, kCells);
        ++positions[place % 8];
      }
      const auto [least, most] = std::minmax_element(positions.begin(), positions.end());
      EXPECT_LE(*most - *least, 1) << count << " places, seed " << seed;
      if (count == 2) {
        EXPECT_EQ(std::max(places[0] % 8, places[1] % 8) - std::min(places[0] % 8, places[1] % 8),
                  4u);
      }
    }
  }
  EXPECT_NE(draw_places(kCells, 8, 0), draw_places(kCells, 8, 1));
}

TEST(Places, AreRandomOverCells) {
  // Each eighth of the map, and each of 16 groups of columns, gets its share over many seeds.
  std::vector<double> parts(8, 0), columns(16, 0);
  constexpr int kSeeds = 500, kPlaces = 16;
  for (std::uint64_t seed = 0; seed < kSeeds; ++seed) {
    for (const std::uint64_t place : draw_places(kCells, kPlaces, seed)) {
      ++parts[place / (kCells / 8)];
      ++columns[place % 128 / 8];
    }
  }
  for (const auto* counts : {&parts, &columns}) {
    const double expected = kSeeds * kPlaces / static_cast<double>(counts->size());
    for (const double count : *counts) EXPECT_NEAR(count, expected, 4.5 * std::sqrt(expected));
  }
}

TEST(Places, OfASmallMapAreAllDifferentUntilThereAreNoMore) {
  for (const std::uint64_t cells : {8, 64, 100}) {
    const auto most = static_cast<std::int64_t>(cells / 8 * 8);
    const auto places = draw_places(cells, most, 5);
    EXPECT_EQ(std::set<std::uint64_t>(places.begin(), places.end()).size(), places.size());
    EXPECT_LT(*std::max_element(places.begin(), places.end()), cells);
    EXPECT_THROW(draw_places(cells, most + 8, 5), InputError);
  }
}

/// Error on a die with one bad column in 128. The error depends on the bit of a code that meets
/// this column, and a little on where the memory begins.
double error_at(std::uint64_t place) {
  constexpr double kByBit[] = {6.0, 6.0, 6.1, 6.4, 7.5, 11.0, 24.0, 58.0};
  const std::uint64_t bit = (37 + 128 - place % 128) % 8;
  return kByBit[bit] * (1.0 + 0.2 * std::sin(0.7 * static_cast<double>(place / 8)));
}

std::vector<double> errors_at(const std::vector<std::uint64_t>& places) {
  std::vector<double> errors;
  for (const std::uint64_t place : places) errors.push_back(error_at(place));
  return errors;
}

TEST(Places, OfAnotherSetAreNoneThatWereLookedAt) {
  const std::vector<std::uint64_t> chosen = draw_places(256, 29, 0);
  const std::set<std::uint64_t> seen(chosen.begin(), chosen.end());
  const std::vector<std::uint64_t> stated = draw_places(256, 200, 1, chosen);
  EXPECT_EQ(std::set<std::uint64_t>(stated.begin(), stated.end()).size(), 200u);
  for (const std::uint64_t place : stated) EXPECT_EQ(seen.count(place), 0u) << place;
  EXPECT_THROW(draw_places(256, 240, 1, chosen), InputError);
}

TEST(Places, MeansOverThemAgreeForAnyNumberOfPlaces) {
  std::vector<std::uint64_t> all(kCells);
  std::iota(all.begin(), all.end(), 0);
  const double truth = spread(errors_at(all)).mean;
  constexpr int kSeeds = 400;
  for (const std::int64_t count : {8, 12, 15, 16, 25, 32}) {
    double sum = 0.0, squares = 0.0, claimed = 0.0;
    for (std::uint64_t seed = 0; seed < kSeeds; ++seed) {
      const Spread found = spread(errors_at(draw_places(kCells, count, seed)));
      sum += found.mean - truth;
      squares += std::pow(found.mean - truth, 2);
      claimed += *found.std * *found.std / static_cast<double>(count);
    }
    const double deviation = std::sqrt(squares / kSeeds);
    // Unbiased, and on average no further off than the standard error over places says.
    EXPECT_NEAR(sum / kSeeds, 0.0, 4.5 * deviation / std::sqrt(kSeeds)) << count;
    EXPECT_LT(deviation, std::sqrt(claimed / kSeeds)) << count;
  }
}

TEST(Places, DeviationsBetweenAndWithinBitPositionsAreThoseOfTheDefinition) {
  // Means 2, 6 and 10: 4 apart; two deviations of 1 and two of 2 about them, 6 - 3 left.
  const PositionSpread spread = spread_over_positions({1, 3, 6, 8, 12, 10}, {0, 8, 3, 5, 13, 21});
  ASSERT_TRUE(spread.between && spread.within);
  EXPECT_DOUBLE_EQ(*spread.between, 4.0);
  EXPECT_DOUBLE_EQ(*spread.within, std::sqrt((2 * 1.0 + 2 * 4.0) / 3));
  EXPECT_FALSE(spread_over_positions({1, 2}, {0, 8}).between);
  EXPECT_FALSE(spread_over_positions({1, 2}, {0, 9}).within);
  // If positions do not matter, their means scatter as means of that number of samples do.
  double between = 0.0, within = 0.0;
  constexpr int kRounds = 2000;
  for (std::uint64_t round = 0; round < kRounds; ++round) {
    std::vector<double> samples;
    const auto places = draw_places(kCells, 32, round);
    for (const std::uint64_t place : places) {
      samples.push_back(std::fmod(static_cast<double>(place / 8) * 0.61803398875, 1.0));
    }
    const PositionSpread found = spread_over_positions(samples, places);
    between += std::pow(*found.between, 2) / kRounds;
    within += std::pow(*found.within, 2) / kRounds;
  }
  EXPECT_NEAR(within, 1.0 / 12, 0.01 / 12 * 5);
  EXPECT_NEAR(between, within / 4, 0.05 * within / 4 * 2);
}

}  // namespace
}  // namespace brownout::results
