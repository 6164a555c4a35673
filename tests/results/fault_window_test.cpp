// SPDX-License-Identifier: Apache-2.0
// The fault map of a page against the chip itself.
#include "sim/results/fault_window.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "sim/chips/chip.hpp"

namespace brownout::results {
namespace {

/// A sweep without an accelerator, whose first chip is random:7.
StoredSweep small_sweep(const std::vector<std::array<double, 2>>& voltages_and_rates) {
  StoredSweep sweep;
  sweep.folder = "nowhere";
  sweep.configuration = Json::object();
  sweep.models = {{"net", "net.onnx", "00", 800, nullptr}};  // 100 words
  sweep.chips = {{"net", "none", "random:7", 1.0, 5.0}};
  for (const auto& [voltage, rate] : voltages_and_rates) {
    StoredPoint point;
    point.model = "net";
    point.mitigation = "none";
    point.voltage = voltage;
    point.rate = rate;
    sweep.points.push_back(point);
  }
  return sweep;
}

TEST(FaultWindow, SaysOfEachCellTheHighestVoltageAtWhichItFails) {
  const FaultWindow window =
      fault_window(small_sweep({{1.0, 0.0}, {0.9, 0.01}, {0.8, 0.1}}), 1 << 20);
  ASSERT_EQ(window.problem, "");
  EXPECT_EQ(window.chip, "random:7");
  EXPECT_EQ(window.words, 100u);
  EXPECT_EQ(window.all_words, 100u);
  const auto chip = chips::make_chip("random:7");
  std::vector<std::uint8_t> expected(6400, 0);
  for (const auto& fault : chip->faults(memory::MemoryId::kWeights, 100, {0.8, 0.1})) {
    expected[fault.word * 64 + fault.bit] = 3;
  }
  for (const auto& fault : chip->faults(memory::MemoryId::kWeights, 100, {0.9, 0.01})) {
    expected[fault.word * 64 + fault.bit] = 2;
  }
  EXPECT_EQ(window.first_failure, expected);
  EXPECT_GT(std::count(expected.begin(), expected.end(), 2), 20);
  EXPECT_EQ(window.cells[0], 0);
  EXPECT_EQ(window.cells[2], std::count(expected.begin(), expected.end(), 2) +
                                 std::count(expected.begin(), expected.end(), 3));
}

TEST(FaultWindow, IsNoLargerThanAskedForAndThinsOutVoltages) {
  std::vector<std::array<double, 2>> many;
  for (int i = 0; i < 40; ++i) many.push_back({1.0 - 0.005 * i, 0.002 * i});
  const FaultWindow window = fault_window(small_sweep(many), 10);
  EXPECT_EQ(window.words, 10u);
  EXPECT_EQ(window.all_words, 100u);
  EXPECT_EQ(window.first_failure.size(), 640u);
  ASSERT_EQ(window.levels.size(), kMostLevels);
  EXPECT_DOUBLE_EQ(window.levels.front(), 1.0);
  EXPECT_DOUBLE_EQ(window.levels.back(), 1.0 - 0.005 * 39);
}

TEST(FaultWindow, OfRatesBeginsWithTheLowestOne) {
  StoredSweep sweep = small_sweep({{1.0, 0.1}, {1.0, 0.01}});
  const FaultWindow by_voltage = fault_window(small_sweep({{0.9, 0.01}, {0.8, 0.1}}), 100);
  sweep.by_rate = true;
  for (StoredPoint& point : sweep.points) point.voltage.reset();
  const FaultWindow window = fault_window(sweep, 100);
  EXPECT_EQ(window.levels, (std::vector<double>{0.01, 0.1}));
  EXPECT_EQ(window.first_failure, by_voltage.first_failure);
}

TEST(FaultWindow, SaysWhyThereIsNone) {
  StoredSweep sweep = small_sweep({{0.8, 0.1}});
  sweep.chips.front().chip = "gone.h5";
  EXPECT_NE(fault_window(sweep, 10).problem.find("gone.h5"), std::string::npos);
  sweep.chips.clear();
  EXPECT_EQ(fault_window(sweep, 10).problem, "the folder holds no rows of chips");
}

}  // namespace
}  // namespace brownout::results
