// SPDX-License-Identifier: Apache-2.0
// What an inference costs: one simulated run, priced at any voltage.
#include "sim/experiment/network_cost.hpp"

#include <gtest/gtest.h>

#include <stdexcept>

#include "sim/cosim/systemc_simulator.hpp"
#include "tests/end_to_end/workplace.hpp"

namespace brownout::experiment {
namespace {

class NetworkCostTest : public testing::Test {
 protected:
  NetworkCostTest() { config_.accelerator.emplace(); }

  end_to_end::Workplace workplace_;
  const Model model_ = load_model(workplace_.network());
  const technology::Technology technology_ =
      technology::Technology::load(BROWNOUT_SOURCE_DIR "/profiles/14nm-finfet.yaml");
  TargetConfig config_;
  const std::shared_ptr<Simulator> simulator_ = cosim::systemc_simulator();
};

TEST_F(NetworkCostTest, OneRunIsPricedAsARunIs) {
  const Target target(model_, config_);
  const NetworkCost cost(model_, target, 3, simulator_);
  const engines::ImagesResult run =
      simulator_->make_engine(model_.network, target.programs(), "tiny")->time(3);
  EXPECT_EQ(cost.cycles(), static_cast<double>(run.cycles));
  EXPECT_EQ(cost.cycles_per_image(), static_cast<double>(run.cycles) / 3.0);
  RunCounts counts;
  counts.all = {run.total().counts, static_cast<double>(run.cycles)};
  const RunPrices prices = price_run(
      technology_, pricing_of(*target.program(), model_.network->bits(), 3), 0.85, counts);
  EXPECT_EQ(cost.energy(technology_, 0.85).value.total(), prices.all.value.total());
}

TEST_F(NetworkCostTest, NeedsASimulatorAndSaysSo) {
  try {
    NetworkCost(model_, Target(model_, config_), 1, nullptr);
    FAIL();
  } catch (const InputError& error) {
    EXPECT_STREQ(error.what(),
                 "simulator: cycles and energy of an accelerator need one; expected that of the "
                 "library brownout::systemc (make_systemc_simulator), got none");
  }
}

TEST_F(NetworkCostTest, EnergyFallsWithTheVoltageAndIsThatOfVminAtVmin) {
  const NetworkCost cost(model_, Target(model_, config_), 2, simulator_);
  const auto at = [&](double voltage) { return cost.energy(technology_, voltage).value.total(); };
  EXPECT_LT(at(0.8), at(0.9));
  EXPECT_LT(at(0.9), at(1.0));
  EXPECT_EQ(at(1.0), cost.at_vmin(technology_).value.total());
}

TEST_F(NetworkCostTest, MitigationsCostEnergyAndThoseThatCostCyclesNeedARunOfTheirOwn) {
  const NetworkCost cost(model_, Target(model_, config_), 2, simulator_);
  const auto with = [&](const char* text) {
    return cost.energy(technology_, 0.85, mitigation::parse_mitigations(text, "test"))
        .value.total();
  };
  EXPECT_GT(with("msb=2"), with("none"));
  EXPECT_GT(with("msb=4"), with("msb=2"));
  EXPECT_THROW(with("secded"), std::logic_error);
}

}  // namespace
}  // namespace brownout::experiment
