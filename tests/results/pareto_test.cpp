// SPDX-License-Identifier: Apache-2.0
// Best network per voltage and the Pareto fronts: which points are on them, and which of it is
// decided.
#include "sim/results/pareto.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

namespace brownout::results {
namespace {

Point make(const std::string& model, double voltage, double rerr) {
  Point point;
  point.model = model;
  point.voltage = voltage;
  point.energy_sram_rel = voltage * voltage;
  point.rerr.mean = rerr;
  return point;
}

Point on_accelerator(const std::string& model, double voltage, double rerr, double microjoule) {
  Point point = make(model, voltage, rerr);
  point.energy.emplace();
  point.energy->macs = microjoule;
  point.energy_rel = voltage * voltage;
  return point;
}

/// `chips` chips that get the images [0, wrong) of `images` wrong.
Point exact(const std::string& model, double voltage, int wrong, int chips = 3, int images = 1000) {
  Point point = make(model, voltage, 100.0 * wrong / images);
  WrongImages which(static_cast<std::size_t>(images), false);
  std::fill(which.begin(), which.begin() + wrong, true);
  point.wrong_images.assign(static_cast<std::size_t>(chips), which);
  return point;
}

using Indices = std::vector<std::size_t>;
Indices leaders(const std::vector<Leader>& list) {
  Indices indices;
  for (const Leader& leader : list) indices.push_back(leader.point);
  return indices;
}

TEST(Pareto, BestPerVoltageRunsFromTheHighestAndTiesAreNotDecided) {
  const std::vector<Point> points{make("b", 0.8, 20), make("b", 0.9, 10), make("b", 1, 8),
                                  make("a", 0.8, 15), make("a", 0.9, 10), make("a", 1, 9)};
  const std::vector<Leader> best = best_per_level(points);
  EXPECT_EQ(leaders(best), (Indices{2, 4, 3}));  // of the equal ones at 0.9 the name decides
  EXPECT_EQ(best[1].within_noise, (Indices{1}));
}

TEST(Pareto, PointsWithAPrecisionDifferIfTheirMeansDoByMoreThanTheirStandardErrors) {
  const auto known = [](const std::string& model, double rerr, double error) {
    Point point = make(model, 0.9, rerr);
    point.precision.emplace();
    point.precision->error = error;
    point.precision->degrees = 500.0;
    return point;
  };
  const Point a = known("a", 8.0, 0.05);
  EXPECT_NEAR(probability_of_equal_errors(a, known("b", 8.0, 0.05)), 1.0, 1e-12);
  // 1.96 standard errors of the difference.
  EXPECT_NEAR(probability_of_equal_errors(a, known("b", 8.1386, 0.05)), 0.05, 0.002);
  EXPECT_EQ(best_per_level({a, known("b", 8.1, 0.05)})[0].within_noise, (Indices{1}));
  EXPECT_TRUE(best_per_level({a, known("b", 8.2, 0.05)})[0].within_noise.empty());
}

TEST(Pareto, NothingDependsOnTheOrderOfTheFile) {
  std::vector<Point> points{exact("a", 0.9, 60), exact("b", 0.9, 60),  exact("c", 0.9, 61),
                            exact("d", 0.9, 90), exact("a", 0.8, 100), exact("b", 0.8, 200)};
  const auto names = [&](const std::vector<Leader>& list) {
    std::string text;
    for (const Leader& leader : list) {
      text += points[leader.point].model + ":";
      for (const std::size_t i : leader.within_noise) text += points[i].model;
      text += " ";
    }
    return text;
  };
  const std::string best = names(best_per_level(points)), front = names(pareto_front(points));
  EXPECT_EQ(best, "a:bc a: ");
  std::mt19937 random(3);
  for (int i = 0; i < 20; ++i) {
    std::shuffle(points.begin(), points.end(), random);
    EXPECT_EQ(names(best_per_level(points)), best);
    EXPECT_EQ(names(pareto_front(points)), front);
  }
}

TEST(Pareto, FrontKeepsWhatNothingBeats) {
  const std::vector<Point> points{
      on_accelerator("a", 1, 8, 10),     on_accelerator("a", 0.9, 8.5, 9),
      on_accelerator("a", 0.8, 30, 8),   on_accelerator("b", 1, 9, 10),
      on_accelerator("b", 0.9, 9, 9),    on_accelerator("b", 0.8, 10, 8),
      on_accelerator("b", 0.85, 31, 8.5)};
  EXPECT_EQ(leaders(pareto_front(points)), (Indices{0, 1, 5}));
}

TEST(Pareto, OnAnAcceleratorALargeNetworkIsNoBargainForBeingLowAgainstItself) {
  // It saves 30 % relative to its own Vmin, and still takes eight times the energy.
  const std::vector<Point> points{on_accelerator("small", 1, 8, 27),
                                  on_accelerator("small", 0.9, 8.2, 25),
                                  on_accelerator("large", 0.83, 8.2, 227)};
  EXPECT_EQ(leaders(pareto_front(points)), (Indices{0, 1}));
}

TEST(Pareto, WithoutAnAcceleratorOnlyPointsOfOneNetworkAreCompared) {
  const std::vector<Point> points{make("a", 1, 8), make("a", 0.9, 9), make("b", 0.9, 10),
                                  make("b", 0.95, 11)};
  EXPECT_FALSE(energies_compare_networks(points));
  EXPECT_EQ(leaders(pareto_front(points)), (Indices{0, 1, 2}));
}

TEST(Pareto, EqualErrorAtLessEnergyWinsAndEqualPointsAllStay) {
  const std::vector<Point> points{on_accelerator("a", 1, 8, 10), on_accelerator("a", 0.9, 8, 9),
                                  on_accelerator("b", 0.9, 8, 9)};
  const std::vector<Leader> front = pareto_front(points);
  EXPECT_EQ(leaders(front), (Indices{1, 2}));
  EXPECT_EQ(front[0].within_noise, (Indices{2}));
  EXPECT_EQ(front[1].within_noise, (Indices{1}));
}

TEST(Pareto, ALowerErrorWithinNoiseOfACheaperPointIsSaidToBeSo) {
  // One more image of 1000 proves nothing; 60 do.
  const std::vector<Point> points{exact("a", 1, 60), exact("a", 0.95, 61), exact("a", 0.9, 120)};
  const std::vector<Leader> front = pareto_front(points);
  ASSERT_EQ(leaders(front), (Indices{0, 1, 2}));
  EXPECT_EQ(front[0].within_noise, (Indices{1}));
  EXPECT_TRUE(front[1].within_noise.empty());
  EXPECT_TRUE(front[2].within_noise.empty());
}

TEST(Pareto, PointsWithoutVoltageHaveABestOnePerRateAndNoFrontOfEnergy) {
  const auto at = [](const std::string& model, double rate, double rerr) {
    Point point = make(model, 1, rerr);
    point.voltage.reset();
    point.energy_sram_rel.reset();
    point.rate = rate;
    return point;
  };
  const std::vector<Point> points{at("a", 0.1, 9), at("a", 0.01, 2), at("b", 0.1, 8),
                                  at("b", 0.01, 3)};
  EXPECT_TRUE(pareto_front(points).empty());
  const std::vector<Leader> best = best_per_level(points);
  ASSERT_EQ(best.size(), 2u);  // the lower rate first
  EXPECT_EQ(best[0].point, 1u);
  EXPECT_EQ(best[1].point, 2u);
  // Each point is alone with its network and rate: nothing says what a higher rate saves.
  EXPECT_EQ(mitigation_front(points).size(), 4u);
}

TEST(Pareto, MitigationsAreComparedByErrorEnergyAreaAndCyclesWithinANetwork) {
  const auto with = [](const std::string& model, double rerr, double energy, double area,
                       double cycles) {
    Point point = make(model, 0.8, rerr);
    point.energy_rel = energy;
    point.weight_area_rel = area;
    point.cycles = cycles;
    return point;
  };
  const std::vector<Point> points{with("a", 30, 0.70, 1.0, 100),   // cheapest of all
                                  with("a", 20, 0.75, 1.1, 100),   // least error with no stage
                                  with("a", 20, 0.75, 1.1, 101),   // beaten by its cycles alone
                                  with("a", 25, 0.75, 1.05, 100),  // less area
                                  with("a", 25, 0.75, 1.05, 100),  // equal points both stay
                                  with("b", 31, 0.80, 1.2, 110)};  // another network
  EXPECT_EQ(leaders(mitigation_front(points)), (Indices{0, 1, 3, 4, 5}));
}

TEST(Pareto, WithoutAnAcceleratorTheReadOfTheMemoryCounts) {
  std::vector<Point> points{make("a", 0.8, 20), make("a", 0.9, 20), make("a", 0.9, 10)};
  EXPECT_EQ(leaders(mitigation_front(points)), (Indices{0, 2}));
}

// ---- How sure a difference is
// --------------------------------------------------------------------

TEST(EqualErrors, AreCertainWhereNothingIsKnownOfTheImages) {
  EXPECT_EQ(probability_of_equal_errors(make("a", 1, 5), make("b", 1, 50)), 1.0);
  EXPECT_EQ(probability_of_equal_errors(exact("a", 1, 5, 3), exact("b", 1, 50, 4)), 1.0);
  EXPECT_EQ(probability_of_equal_errors(exact("a", 1, 5), exact("b", 1, 5)), 1.0);
}

TEST(EqualErrors, OnChipsThatAllAgreeImagesAreStillASample) {
  // As in McNemar's test: all of the d images on which the two differ speak for the same network.
  for (const int d : {1, 2, 4, 5}) {
    EXPECT_GT(probability_of_equal_errors(exact("a", 1, 60), exact("b", 1, 60 + d)), 0.05) << d;
  }
  EXPECT_LT(probability_of_equal_errors(exact("a", 1, 60), exact("b", 1, 68)), 0.05);
}

/// Two networks with the same true error. Each chip changes the share of images that a network gets
/// wrong, and each image is equally hard for both. Which images are wrong is drawn.
double false_alarms(int chips, double chip_deviation, int draws) {
  constexpr std::size_t kImages = 300;
  std::mt19937_64 random(11);
  std::normal_distribution<double> normal;
  int alarms = 0;
  for (int draw = 0; draw < draws; ++draw) {
    std::vector<double> hardness(kImages);
    for (double& h : hardness) h = normal(random);
    Point points[2];
    for (Point& point : points) {
      std::vector<double> own(kImages);  // what this network finds hard
      for (double& h : own) h = 0.7 * normal(random);
      for (int chip = 0; chip < chips; ++chip) {
        const double shift = chip_deviation * normal(random);
        WrongImages wrong(kImages);
        for (std::size_t i = 0; i < kImages; ++i) {
          wrong[i] = hardness[i] + own[i] + shift + 0.5 * normal(random) > 1.8;
        }
        point.wrong_images.push_back(wrong);
      }
    }
    alarms += probability_of_equal_errors(points[0], points[1]) < 0.05 ? 1 : 0;
  }
  return static_cast<double>(alarms) / draws;
}

TEST(EqualErrors, AreDeniedAtMostOnceInTwentyDrawsOfChipsAndImages) {
  EXPECT_LE(false_alarms(10, 0.2, 600), 0.06);
  EXPECT_LE(false_alarms(10, 0.0, 600), 0.06);
  EXPECT_LE(false_alarms(3, 0.4, 600), 0.06);
  EXPECT_LE(false_alarms(1, 0.0, 600), 0.06);
}

TEST(EqualErrors, AreDeniedWhereANetworkIsReallyWorse) {
  EXPECT_LT(probability_of_equal_errors(exact("a", 1, 60), exact("b", 1, 120)), 1e-6);
}

}  // namespace
}  // namespace brownout::results
