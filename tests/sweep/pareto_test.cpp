// SPDX-License-Identifier: Apache-2.0
// Best network per voltage and the Pareto front.
#include "sim/sweep/pareto.hpp"

#include <gtest/gtest.h>

namespace brownout::sweep {
namespace {

Point make(const std::string& model, double voltage, double rerr) {
  Point point;
  point.model = model;
  point.voltage = voltage;
  point.energy_sram_rel = voltage * voltage;
  point.rerr.mean = rerr;
  return point;
}

using Indices = std::vector<std::size_t>;

TEST(Pareto, BestPerVoltageRunsFromTheHighestAndTiesGoToTheFirst) {
  const std::vector<Point> points{make("a", 0.8, 20), make("a", 0.9, 10), make("a", 1, 8),
                                  make("b", 0.8, 15), make("b", 0.9, 10), make("b", 1, 9)};
  EXPECT_EQ(best_per_voltage(points), (Indices{2, 1, 3}));
}

TEST(Pareto, FrontKeepsWhatNothingBeats) {
  const std::vector<Point> points{make("a", 1, 8),    make("a", 0.9, 8.5), make("a", 0.8, 30),
                                  make("b", 1, 9),    make("b", 0.9, 9),   make("b", 0.8, 10),
                                  make("b", 0.85, 31)};
  EXPECT_EQ(pareto_front(points), (Indices{0, 1, 5}));
}

TEST(Pareto, EqualErrorAtLessEnergyWinsAndEqualPointsStayOnce) {
  const std::vector<Point> points{make("a", 1, 8), make("a", 0.9, 8), make("b", 0.9, 8)};
  EXPECT_EQ(pareto_front(points), (Indices{1}));
}

TEST(Pareto, PointsWithoutVoltageTakeNoPart) {
  Point loose = make("a", 1, 1);
  loose.voltage.reset();
  loose.energy_sram_rel.reset();
  EXPECT_TRUE(pareto_front({loose}).empty());
  EXPECT_TRUE(best_per_voltage({loose}).empty());
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
  EXPECT_EQ(mitigation_front(points), (Indices{0, 1, 3, 4, 5}));
}

TEST(Pareto, WithoutAnAcceleratorTheReadOfTheMemoryCounts) {
  std::vector<Point> points{make("a", 0.8, 20), make("a", 0.9, 20), make("a", 0.9, 10)};
  EXPECT_EQ(mitigation_front(points), (Indices{0, 2}));
}

}  // namespace
}  // namespace brownout::sweep
