// SPDX-License-Identifier: Apache-2.0
// A network on an accelerator, once as each engine has it.
#include "sim/runs/accelerator_run.hpp"

#include <gtest/gtest.h>

#include "sim/cosim/systemc_simulator.hpp"
#include "sim/runs/cosim_run.hpp"
#include "tests/end_to_end/workplace.hpp"

namespace brownout::runs {
namespace {

class AcceleratorRunTest : public testing::Test {
 protected:
  AcceleratorRun run(const std::string& engine, std::optional<double> voltage,
                     std::int64_t images = 20) {
    RunConfig config;
    config.model = workplace_.network();
    config.setup.images.folder = workplace_.folder() / "data";
    config.setup.images.count = images;
    config.setup.target.accelerator.emplace();
    config.setup.target.batch = 8;
    config.setup.simulator = cosim::systemc_simulator();
    config.setup.technology = std::make_shared<const technology::Technology>(
        technology::Technology::load(BROWNOUT_SOURCE_DIR "/profiles/14nm-finfet.yaml"));
    config.setup.engine = engine;
    config.voltage = voltage;
    if (voltage) config.chip = "random:1";
    return run_accelerator(config, 2, /*quiet=*/true);
  }
  end_to_end::Workplace workplace_;
};

TEST_F(AcceleratorRunTest, EnginesAgreeOnNumbersCyclesAndCounts) {
  const AcceleratorRun fast = run("functional", 0.8);
  const AcceleratorRun simulated = run("systemc", 0.8);
  EXPECT_EQ(fast.evaluation.predictions, simulated.evaluation.predictions);
  EXPECT_EQ(fast.evaluation.wrong, simulated.evaluation.wrong);
  EXPECT_EQ(fast.total.cycles, simulated.total.cycles);
  EXPECT_EQ(fast.total.counts.weight_reads, simulated.total.counts.weight_reads);
  EXPECT_EQ(fast.total.counts.macs, simulated.total.counts.macs);
  EXPECT_EQ(fast.prices.all.value.total(), simulated.prices.all.value.total());
  EXPECT_GT(fast.weights.read.bits_wrong, 0);
}

TEST_F(AcceleratorRunTest, WithoutAVoltageNothingFails) {
  const AcceleratorRun clean = run("functional", std::nullopt);
  EXPECT_EQ(clean.weights.read.bits_wrong, 0);
  EXPECT_EQ(clean.rate, 0.0);
  ASSERT_TRUE(clean.prices.relative.has_value());
  EXPECT_EQ(clean.prices.relative->rel, 1.0);
}

TEST_F(AcceleratorRunTest, LayersAddUpToTheRun) {
  const AcceleratorRun whole = run("systemc", 0.9);
  EventCounts counts;
  for (const accelerator::LayerTally& layer : whole.simulated.layers) counts += layer.counts;
  EXPECT_EQ(counts.macs, whole.total.counts.macs);
  EXPECT_EQ(counts.dram_read_bytes, whole.total.counts.dram_read_bytes);
  EXPECT_EQ(whole.layers.size(), whole.simulated.layers.size());
  // A linear operator of 784 x 3 numbers, or as many classes as there are.
  EXPECT_EQ(whole.total.counts.macs % (20 * 784), 0);
}

TEST_F(AcceleratorRunTest, EnergyFallsWithTheVoltage) {
  const double at_vmin = run("functional", std::nullopt).prices.all.value.total();
  const double below = run("functional", 0.85).prices.all.value.total();
  EXPECT_LT(below, at_vmin);
}

TEST(CosimPart, SumsAndItsErrorOfCycles) {
  CosimPart sum;
  CosimPart one;
  one.record.rtl_cycles = 110;
  one.record.systemc_cycles = 100;
  sum += one;
  sum += one;
  EXPECT_EQ(sum.record.rtl_cycles, 220);
  EXPECT_DOUBLE_EQ(sum.cycle_error_pct(), 10.0);
}

}  // namespace
}  // namespace brownout::runs
