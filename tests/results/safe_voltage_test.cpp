// SPDX-License-Identifier: Apache-2.0
// The search for the lowest voltage that meets the limit: where it looks, what it answers, and,
// over repeated draws of dies whose thresholds are known, how often a stated yield is true.
#include "sim/results/safe_voltage.hpp"

#include <gtest/gtest.h>

#include <boost/math/distributions/normal.hpp>
#include <cmath>
#include <map>
#include <random>
#include <set>

namespace brownout::results {
namespace {

const std::vector<double> kGrid{1.0, 0.95, 0.9, 0.85, 0.8};

// ---- Levels ----------------------------------------------------------------------------------

TEST(SearchLevels, HalveEveryGapUntilItIsNarrowEnough) {
  const SearchLevels levels = search_levels({1.0, 0.9, 0.88}, 1.0, 0.03, {});
  EXPECT_EQ(levels.voltages,
            (std::vector<double>{1.0, 0.5 * (1.0 + 0.95), 0.95, 0.5 * (0.95 + 0.9), 0.9, 0.88}));
  EXPECT_EQ(levels.on_grid, (std::vector<std::size_t>{0, 4, 5}));
  EXPECT_EQ(levels.at(0.9), 4u);
  EXPECT_EQ(levels.at(0.94), 3u);
}

TEST(SearchLevels, ReachUpToTheTopAboveTheGrid) {
  const SearchLevels levels = search_levels({0.75, 0.5}, 1.0, 0.25, {});
  EXPECT_EQ(levels.voltages, (std::vector<double>{1.0, 0.75, 0.5}));
  EXPECT_EQ(levels.on_grid, (std::vector<std::size_t>{1, 2}));
}

TEST(SearchLevels, OfAChipThatStepsAreItsStepsWithinTheSweep) {
  const std::vector<double> steps{0.7, 0.78, 0.83, 0.86, 0.91, 1.2};
  const SearchLevels levels = search_levels({0.95, 0.87, 0.85, 0.80}, 1.0, 0.001, steps);
  // 0.95 reads the map of 0.91, 0.87 that of 0.86, 0.85 that of 0.83, and 0.80 that of 0.78, which
  // begins below the sweep.
  EXPECT_EQ(levels.voltages, (std::vector<double>{0.91, 0.86, 0.83, 0.80}));
  EXPECT_EQ(levels.on_grid, (std::vector<std::size_t>{0, 1, 2, 3}));
  EXPECT_EQ(search_levels({0.95, 0.93, 0.87}, 1.0, 0.001, steps).on_grid,
            (std::vector<std::size_t>{0, 1}));
}

TEST(SearchLevels, TakeVoltagesAsPeopleTypeThem) {
  // The profile's double is a little above the typed one; to a chip they are the same voltage.
  const double read = 0.8355 + 1e-16, low = 0.7966 + 2e-16;
  const SearchLevels levels = search_levels({0.8355, 0.7966}, 1.0, 0.001, {low, read});
  EXPECT_EQ(levels.voltages, (std::vector<double>{read, 0.7966}));
  EXPECT_EQ(levels.at(0.8355), 0u);
  EXPECT_EQ(levels.on_grid, (std::vector<std::size_t>{0, 1}));
}

// ---- The mean --------------------------------------------------------------------------------

/// Answers of the search in volts, and how often each was asked.
struct MeanSearch {
  std::optional<double> voltage, fails_at;
  std::map<double, int> asked;
};
MeanSearch by_mean(const std::vector<double>& grid, double tolerance,
                   const std::function<bool(double)>& holds, std::vector<double> steps = {}) {
  const SearchLevels levels = search_levels(grid, 1.0, tolerance, steps);
  MeanSearch search;
  const auto safe = find_by_mean(levels, [&](std::size_t level) {
    ++search.asked[levels.voltages[level]];
    return holds(levels.voltages[level]);
  });
  if (safe) search.voltage = levels.voltages[safe->level];
  if (safe && safe->fails_at) search.fails_at = levels.voltages[*safe->fails_at];
  return search;
}

TEST(SafeVoltage, OfTheMeanIsFoundWithinTheToleranceBetweenGridPoints) {
  for (const double truth : {0.9321, 0.8777, 0.851, 0.899999}) {
    const MeanSearch search = by_mean(kGrid, 0.002, [&](double v) { return v >= truth; });
    ASSERT_TRUE(search.voltage && search.fails_at);
    EXPECT_GE(*search.voltage, truth);
    EXPECT_LT(*search.fails_at, truth);
    EXPECT_LE(*search.voltage - *search.fails_at, 0.002);
    for (const auto& [voltage, times] : search.asked) EXPECT_EQ(times, 1) << voltage;
  }
}

TEST(SafeVoltage, GridEndIsReportedAsSuch) {
  const MeanSearch search = by_mean(kGrid, 0.002, [](double) { return true; });
  EXPECT_EQ(search.voltage, 0.8);
  EXPECT_FALSE(search.fails_at);
  EXPECT_EQ(search.asked.size(), kGrid.size());
}

TEST(SafeVoltage, NoneWhenTheHighestVoltageFails) {
  EXPECT_FALSE(by_mean(kGrid, 0.002, [](double) { return false; }).voltage);
  EXPECT_FALSE(by_mean({0.9, 0.8}, 0.002, [](double) { return false; }).voltage);
}

TEST(SafeVoltage, MayLieAboveTheGrid) {
  const MeanSearch search = by_mean({0.9, 0.8}, 0.01, [](double v) { return v >= 0.934; });
  EXPECT_NEAR(*search.voltage, 0.9375, 1e-12);
}

TEST(SafeVoltage, StaysAboveTheFirstFailureEvenIfLowerVoltagesRecover) {
  const MeanSearch search = by_mean(kGrid, 0.1, [](double v) { return v != 0.9; });
  EXPECT_EQ(search.voltage, 0.95);
  EXPECT_EQ(search.fails_at, 0.9);
}

TEST(SafeVoltage, OfAChipThatStepsIsAStepAndEachIsTriedOnce) {
  std::vector<double> steps;
  for (int i = 0; i < 30; ++i) steps.push_back(0.71 + 0.01 * i);
  const MeanSearch search = by_mean(
      {1.0, 0.9, 0.8}, 1e-6, [](double v) { return v >= 0.8345; }, steps);
  EXPECT_EQ(search.voltage, steps[13]);   // 0.84
  EXPECT_EQ(search.fails_at, steps[12]);  // 0.83
  EXPECT_LE(search.asked.size(), 3u + 4u);
  for (const auto& [voltage, times] : search.asked) EXPECT_EQ(times, 1) << voltage;
}

// ---- A yield ---------------------------------------------------------------------------------

TEST(Yield, IsShownByTheKnownNumbersOfDies) {
  const YieldTarget target{0.9, 0.95};
  EXPECT_FALSE(allowed_failures(28, target));
  EXPECT_EQ(allowed_failures(29, target), 0);
  EXPECT_EQ(allowed_failures(45, target), 0);
  EXPECT_EQ(allowed_failures(46, target), 1);
  EXPECT_EQ(allowed_failures(60, target), 1);
  EXPECT_EQ(allowed_failures(61, target), 2);
  EXPECT_EQ(fewest_dies(target), 29);
  EXPECT_EQ(fewest_dies({0.99, 0.95}), 299);
  EXPECT_EQ(fewest_dies({0.5, 0.9}), 4);
  // 1 - 0.05^(1/29), and what the allowed numbers show.
  EXPECT_NEAR(yield_at_least(0, 29, 0.95), std::pow(0.05, 1.0 / 29), 1e-12);
  for (const auto& [failed, dies] : std::map<int, int>{{0, 29}, {1, 46}, {2, 61}}) {
    EXPECT_GE(yield_at_least(failed, dies, 0.95), 0.9);
    EXPECT_LT(yield_at_least(failed, dies - 1, 0.95), 0.9);
  }
  EXPECT_EQ(yield_at_least(5, 5, 0.95), 0.0);
}

/// Dies, and how often each was evaluated.
class Dies {
 public:
  Dies(const SearchLevels& levels, std::vector<double> thresholds)
      : levels_(levels), thresholds_(std::move(thresholds)) {}
  /// A die stays within the limit from its threshold on; `flicker` moves the threshold a little at
  /// each level.
  bool within(std::size_t die, std::size_t level) {
    return levels_.voltages[level] >= thresholds_[die] + moved(die, level);
  }
  void flicker(double deviation, std::uint64_t seed) {
    flicker_ = deviation;
    seed_ = seed;
  }
  std::optional<SafeLevel> search(std::int64_t allowed, std::size_t on_grid = 0) {
    return find_by_yield(
        levels_, thresholds_.size(), allowed,
        [&](std::size_t die, std::size_t level) {
          return die < on_grid ? std::optional<bool>(within(die, level)) : std::nullopt;
        },
        [&](std::size_t die, std::size_t level) {
          EXPECT_TRUE(asked.insert({die, level}).second) << die << " at " << level;
          return within(die, level);
        });
  }
  std::set<std::pair<std::size_t, std::size_t>> asked;

 private:
  double moved(std::size_t die, std::size_t level) const {
    if (flicker_ == 0.0) return 0.0;
    std::seed_seq key{seed_, std::uint64_t{die}, std::uint64_t{level}};
    std::minstd_rand random(key);
    return std::normal_distribution<double>(0.0, flicker_)(random);
  }
  const SearchLevels& levels_;
  std::vector<double> thresholds_;
  double flicker_ = 0.0;
  std::uint64_t seed_ = 0;
};

TEST(Yield, AnswersWithTheLevelAboveTheWorstDieThatMayNotFail) {
  const SearchLevels levels = search_levels(kGrid, 1.0, 0.002, {});
  std::mt19937_64 random(7);
  std::normal_distribution<double> threshold(0.88, 0.02);
  for (int draw = 0; draw < 300; ++draw) {
    std::vector<double> thresholds(61);
    for (double& value : thresholds) value = threshold(random);
    std::vector<double> sorted = thresholds;
    std::sort(sorted.rbegin(), sorted.rend());
    for (const std::int64_t allowed : {0, 1, 2}) {
      const double worst = sorted[static_cast<std::size_t>(allowed)];
      for (const std::size_t on_grid : {std::size_t{0}, std::size_t{10}}) {
        Dies dies(levels, thresholds);
        const auto safe = dies.search(allowed, on_grid);
        if (worst > 1.0) {
          EXPECT_FALSE(safe);
          continue;
        }
        ASSERT_TRUE(safe);
        EXPECT_GE(levels.voltages[safe->level], worst);
        EXPECT_LE(safe->failed, allowed);
        if (!safe->fails_at) continue;
        EXPECT_EQ(*safe->fails_at, safe->level + 1);
        EXPECT_LT(levels.voltages[*safe->fails_at], worst);
      }
    }
  }
}

TEST(Yield, TriesMostDiesOnce) {
  const SearchLevels levels = search_levels(kGrid, 1.0, 0.002, {});
  std::mt19937_64 random(8);
  std::normal_distribution<double> threshold(0.88, 0.02);
  constexpr int kDraws = 500;
  std::size_t asked = 0;
  for (int draw = 0; draw < kDraws; ++draw) {
    std::vector<double> thresholds(29);
    for (double& value : thresholds) value = threshold(random);
    Dies dies(levels, thresholds);
    dies.search(0, 10);
    asked += dies.asked.size();
  }
  EXPECT_LT(static_cast<double>(asked) / kDraws, 55.0);
}

TEST(Yield, ADieThatFailsAtAHigherLevelCountsAsFailingBelow) {
  // Die 0 fails only at 0.9. This level is on the grid, so its result is known.
  const SearchLevels levels = search_levels(kGrid, 1.0, 0.05, {});
  const auto within = [&](std::size_t die, std::size_t level) {
    return die != 0 || levels.voltages[level] != 0.9;
  };
  const auto safe = find_by_yield(
      levels, 29, 0,
      [&](std::size_t die, std::size_t level) { return std::optional<bool>(within(die, level)); },
      within);
  ASSERT_TRUE(safe);
  EXPECT_EQ(levels.voltages[safe->level], 0.95);
  EXPECT_EQ(levels.voltages[*safe->fails_at], 0.9);
}

TEST(Yield, EveryDieThatDoesNotCountAsFailingWasTriedAtTheAnswer) {
  const SearchLevels levels = search_levels(kGrid, 1.0, 0.002, {});
  std::mt19937_64 random(9);
  std::normal_distribution<double> threshold(0.88, 0.02);
  for (std::uint64_t draw = 0; draw < 200; ++draw) {
    std::vector<double> thresholds(46);
    for (double& value : thresholds) value = threshold(random);
    Dies dies(levels, thresholds);
    dies.flicker(0.004, draw);
    const auto safe = dies.search(1);
    ASSERT_TRUE(safe);
    std::int64_t tried_and_within = 0;
    for (const auto& [die, level] : dies.asked) {
      if (level == safe->level && dies.within(die, level)) ++tried_and_within;
    }
    EXPECT_GE(tried_and_within + safe->failed, 46);
  }
}

/// The share of repeated searches, over dies whose threshold is normal, whose answer has the yield.
/// A die's flicker adds to its deviation: the true yield at V is the share of dies within the limit
/// there.
double coverage(std::size_t count, std::int64_t allowed, double deviation, double flicker,
                double tolerance, std::size_t on_grid, int draws) {
  const SearchLevels levels = search_levels({1.0, 0.95, 0.9, 0.85, 0.8, 0.75}, 1.0, tolerance, {});
  const boost::math::normal_distribution<double> truth(
      0.866, std::sqrt(deviation * deviation + flicker * flicker));
  std::mt19937_64 random(20);
  std::normal_distribution<double> threshold(0.866, deviation);
  int right = 0;
  for (int draw = 0; draw < draws; ++draw) {
    std::vector<double> thresholds(count);
    for (double& value : thresholds) value = threshold(random);
    Dies dies(levels, thresholds);
    dies.flicker(flicker, static_cast<std::uint64_t>(draw));
    const auto safe = dies.search(allowed, on_grid);
    if (safe) right += boost::math::cdf(truth, levels.voltages[safe->level]) >= 0.9 ? 1 : 0;
  }
  return static_cast<double>(right) / draws;
}

TEST(Yield, AtTheStatedVoltageIsTrueInNineteenOfTwentySearches) {
  // With fine levels there is no margin: 1 - 0.9^29 = 0.953, and 0.952 for 46 and 61 dies.
  for (const auto& [dies, allowed] :
       std::map<std::size_t, std::int64_t>{{29, 0}, {46, 1}, {61, 2}}) {
    const double share = coverage(dies, allowed, 0.01, 0.0, 0.0002, 10, 10000);
    EXPECT_GE(share, 0.95) << dies;
    EXPECT_LE(share, 0.96) << dies;
  }
}

TEST(Yield, IsTrueAsOftenWhereDiesRecoverBelowALevelAtWhichTheyFail) {
  // The coarse levels of the demo and the fine ones of the default, with a flicker of a third of
  // the dies' own deviation, which is many times what is measured on real networks.
  for (const double tolerance : {0.006, 0.002}) {
    for (const double flicker : {0.001, 0.003}) {
      EXPECT_GE(coverage(29, 0, 0.01, flicker, tolerance, 10, 4000), 0.95)
          << tolerance << " " << flicker;
    }
  }
}

TEST(Yield, WithTooFewDiesWouldNotBeTrueOftenEnough) {
  EXPECT_LT(coverage(25, 0, 0.01, 0.0, 0.0002, 10, 4000), 0.95);
  EXPECT_LT(coverage(29, 1, 0.01, 0.0, 0.0002, 10, 4000), 0.95);
}

TEST(Yield, HoldsWhereManyLevelsAreJustTooLow) {
  // Slightly more than one die of ten fails at every level below 0.95. There are twenty levels, and
  // each would be accepted by chance as often as the target allows, if each were tried on dies of
  // its own.
  const SearchLevels levels = search_levels({1.0, 0.9, 0.8}, 1.0, 0.01, {});
  std::mt19937_64 random(21);
  constexpr int kDraws = 20000;
  int wrong = 0;
  for (int draw = 0; draw < kDraws; ++draw) {
    std::vector<double> thresholds(29);
    for (double& value : thresholds) value = random() % 10000 < 1001 ? 0.9401 : 0.7;
    Dies dies(levels, thresholds);
    const auto safe = dies.search(0, 0);
    wrong += safe && levels.voltages[safe->level] < 0.94 ? 1 : 0;
  }
  EXPECT_LE(static_cast<double>(wrong) / kDraws, 0.05);
  EXPECT_GT(static_cast<double>(wrong) / kDraws, 0.04);
}

}  // namespace
}  // namespace brownout::results
