// SPDX-License-Identifier: Apache-2.0
// What is said about several points, with round numbers.
#include "sim/results/fronts.hpp"

#include <gtest/gtest.h>

#include "sim/results/sweep_result.hpp"

namespace brownout::results {
namespace {

Point make(const std::string& model, double voltage, double rerr, double energy_uj) {
  Point point;
  point.model = model;
  point.voltage = voltage;
  point.rerr.mean = rerr;
  point.energy_sram_rel = voltage * voltage;
  point.energy.emplace();
  point.energy->macs = energy_uj;
  point.energy_rel = energy_uj / 10.0;
  point.access_share = 0.01 * energy_uj;
  return point;
}

const std::vector<Point> kPoints{make("a", 1.0, 8.0, 10.0), make("a", 0.75, 12.0, 6.0),
                                 make("a", 0.5, 12.0, 7.0), make("b", 1.0, 9.0, 9.0),
                                 make("b", 0.75, 9.5, 8.0)};

TEST(Fronts, TheFrontOfANetworkGoesFromTheLowestEnergyToTheLowestError) {
  EXPECT_EQ(energy_front(kPoints, "a"), (std::vector<std::size_t>{1, 0}));
  EXPECT_EQ(energy_front(kPoints, "b"), (std::vector<std::size_t>{4, 3}));
  EXPECT_TRUE(energy_front(kPoints, "c").empty());
}

TEST(Fronts, HoldEverythingThatASweepSays) {
  SweepResult sweep;
  sweep.models = {{"a", "", "", 8, 1}, {"b", "", "", 8, 1}};
  sweep.points = kPoints;
  sweep.settle();
  const Fronts& fronts = sweep.fronts;
  EXPECT_TRUE(fronts.compares_networks);
  ASSERT_EQ(fronts.best_per_level.size(), 3u);
  EXPECT_EQ(fronts.best_per_level[0].point, 0u);
  EXPECT_EQ(fronts.best_per_level[1].point, 4u);
  EXPECT_EQ(fronts.pareto.size(), pareto_front(kPoints).size());
  EXPECT_EQ(fronts.mitigations.size(), mitigation_front(kPoints).size());
  EXPECT_EQ(fronts.energies, (std::vector<std::vector<std::size_t>>{{1, 0}, {4, 3}}));
  // Nothing is known about other images, so that every cheaper point is within noise.
  ASSERT_EQ(fronts.pareto.front().point, 0u);
  EXPECT_EQ(fronts.cheapest_within_noise.front(), 1u);
}

TEST(Fronts, RangesGoFromTheSmallestToTheLargest) {
  EXPECT_EQ(all_saved_range(kPoints, 0.75),
            (std::array<double, 2>{kPoints[4].savings().all_pct.value(),
                                   kPoints[1].savings().all_pct.value()}));
  EXPECT_EQ(access_share_range(kPoints), (std::array<double, 2>{0.06, 0.1}));
}

TEST(Savings, AreWhatIsMissingToVmin) {
  Point point = make("a", 0.5, 12.0, 2.5);
  point.energy_ends = experiment::EnergyEnds{{{1.0, 4.0}}, {{0.5, 0.75}}};
  const Savings savings = point.savings();
  EXPECT_EQ(savings.access_pct, 75.0);
  EXPECT_EQ(savings.all_pct, 75.0);
  EXPECT_EQ(savings.all_ends_pct, (std::array<double, 2>{50.0, 25.0}));
  point.energy_rel.reset();
  EXPECT_EQ(point.savings().all_pct, std::nullopt);
}

}  // namespace
}  // namespace brownout::results
