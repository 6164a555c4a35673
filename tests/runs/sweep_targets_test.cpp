// SPDX-License-Identifier: Apache-2.0
// Which accelerators of a grid share their errors.
#include "sim/runs/sweep_targets.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>

namespace brownout::runs {
namespace {

namespace fs = std::filesystem;

class SweepTargets : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = fs::path(testing::TempDir()) / ("brownout-targets-" + std::to_string(::getpid()));
    fs::create_directories(folder_);
    std::ofstream(folder_ / "one.onnx") << "a network";
  }
  void TearDown() override { fs::remove_all(folder_); }

  std::vector<SweepTarget> targets(const std::string& more) {
    const fs::path file = folder_ / "sweep.yaml";
    std::ofstream(file) << "technology: 14nm-finfet\nmodels: [one.onnx]\ndataset: mnist\n"
                           "chips: 1\nvoltages: [0.9]\n"
                        << more;
    return sweep_targets(load_sweep(file));
  }
  /// errors_of of each target.
  std::vector<std::size_t> shared(const std::string& more) {
    std::vector<std::size_t> list;
    for (const SweepTarget& target : targets(more)) list.push_back(target.errors_of);
    return list;
  }
  fs::path folder_;
};

using List = std::vector<std::size_t>;

TEST_F(SweepTargets, AreNamedByTheirKeysTheLastOneFastest) {
  const auto list = targets(
      "accelerator: edge-16x16\naccelerator_grid: {array.rows: [8, 32], dram.preset: [ddr4-3200, "
      "hbm2-2000]}\n");
  ASSERT_EQ(list.size(), 4u);
  EXPECT_EQ(list[1].name, "edge-16x16[array.rows=8,dram.preset=hbm2-2000]");
  EXPECT_EQ(list[2].name, "edge-16x16[array.rows=32,dram.preset=ddr4-3200]");
  const mapping::AcceleratorConfig& last = *list[3].setup.target.accelerator;
  EXPECT_EQ(last.array.rows, 32);
  EXPECT_EQ(last.array.columns, 16);
  EXPECT_EQ(last.dram.bytes_per_cycle, 512.0);
  EXPECT_EQ(targets("accelerator: edge-16x16\n")[0].name, "edge-16x16");
  EXPECT_EQ(targets("")[0].name, "");
}

TEST_F(SweepTargets, ShareErrorsWhereNothingMovesACell) {
  const std::string edge = "accelerator: edge-16x16\naccelerator_grid: ";
  EXPECT_EQ(shared(edge + "{clock_mhz: [1, 2], dma.burst_bytes: [8, 16]}\n"), (List{0, 0, 0, 0}));
  EXPECT_EQ(shared(edge + "{weights.kib: [128, 512], array.columns: [8, 16]}\n"),
            (List{0, 0, 0, 0}));
  EXPECT_EQ(shared(edge + "{weights.supply: [scaled, vmin]}\n"), (List{0, 1}));
}

TEST_F(SweepTargets, RepairsStreamsAndOtherMemoriesMakeThemDiffer) {
  const std::string edge = "accelerator: edge-16x16\naccelerator_grid: ";
  EXPECT_EQ(shared(edge + "{weights.kib: [128, 512]}\nmitigations: [none, spares=1x1]\n"),
            (List{0, 1}));
  EXPECT_EQ(shared(edge + "{array.columns: [8, 16]}\nmitigations: [none, spares=1x1]\n"),
            (List{0, 0}));
  EXPECT_EQ(shared(edge + "{array.columns: [8, 16]}\nsupplies: {activations: 0.9}\n"),
            (List{0, 1}));
  EXPECT_EQ(shared(edge + "{weights.residency: [resident, streamed], array.rows: [8, 16]}\n"),
            (List{0, 0, 2, 3}));
  EXPECT_EQ(shared(edge + "{activations.supply: [vmin, 0.95, 0.9], clock_mhz: [1, 2]}\n"),
            (List{0, 0, 2, 2, 4, 4}));
}

}  // namespace
}  // namespace brownout::runs
