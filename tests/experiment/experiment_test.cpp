// SPDX-License-Identifier: Apache-2.0
// One evaluation on a tiny network: the same block for every engine.
#include "sim/experiment/experiment.hpp"

#include <gtest/gtest.h>

#include "sim/cosim/systemc_simulator.hpp"
#include "tests/end_to_end/workplace.hpp"

namespace brownout::experiment {
namespace {

class ExperimentTest : public testing::Test {
 protected:
  void SetUp() override {
    setup_.images.folder = workplace_.folder() / "data";
    setup_.images.count = 50;
    setup_.target.batch = 8;
    setup_.simulator = cosim::systemc_simulator();
    model_ = load_model(workplace_.network());
  }
  ChipRun run(const chips::Chip* chip, const Conditions& at) {
    const OpenImages images = open(setup_.images);
    const Target target(model_, setup_.target);
    Experiment experiment(model_, images, setup_, target, make_engine(model_, setup_, target, 2),
                          2);
    return experiment.run(chip, at);
  }
  end_to_end::Workplace workplace_;
  experiment::Setup setup_;
  Model model_;
};

TEST_F(ExperimentTest, WithoutAChipTheCodesAreClean) {
  const ChipRun clean = run(nullptr, resident_at({0.8, 0.1}));
  EXPECT_TRUE(clean.weights.faults.data.empty());
  EXPECT_EQ(clean.weights.read.bits_wrong, 0);
  const ChipRun hit = run(chips::make_chip("random:1").get(), resident_at({0.8, 0.1}));
  EXPECT_GT(hit.weights.read.bits_wrong, 0);
  EXPECT_NE(hit.evaluation.logits_sha256, clean.evaluation.logits_sha256);
}

TEST_F(ExperimentTest, AnAcceleratorWithWeightsAtVminReadsCleanCodes) {
  setup_.target.accelerator.emplace().weights.scaled_supply = false;
  const ChipRun found = run(chips::make_chip("random:1").get(), resident_at({0.8, 0.1}));
  EXPECT_TRUE(found.weights.faults.data.empty());
  EXPECT_EQ(found.evaluation.logits_sha256,
            run(nullptr, resident_at({1.0, 0.0})).evaluation.logits_sha256);
}

TEST_F(ExperimentTest, EnginesAgreeOnFreshReadsAndOtherMemories) {
  setup_.target.accelerator.emplace();
  setup_.reads.fresh = true;
  Conditions at = resident_at({0.8, 0.02});
  at.others.activations = {0.8, 0.001};
  const auto chip = chips::make_chip("random:3,p_err=0.5");
  std::vector<ChipRun> runs;
  for (const char* engine : {"functional", "reference", "systemc"}) {
    setup_.engine = engine;
    runs.push_back(run(chip.get(), at));
    EXPECT_EQ(runs.back().evaluation.logits_sha256, runs.front().evaluation.logits_sha256)
        << engine;
    EXPECT_EQ(runs.back().others.activations.bits_wrong, runs.front().others.activations.bits_wrong)
        << engine;
  }
  EXPECT_GT(runs.front().others.activations.bits_wrong.value(), 0);
}

TEST_F(ExperimentTest, ATargetIsCompiledOnceForAllWhoShareIt) {
  const Target resident(model_, setup_.target);
  EXPECT_EQ(resident.program(), nullptr);
  setup_.target.accelerator.emplace();
  const Target target(model_, setup_.target);
  const auto engine = setup_.simulator->make_engine(model_.network, target.programs(), "tiny");
  EXPECT_EQ(&engine->program(), target.program().get());
  EXPECT_EQ(target.program(), target.program());
}

}  // namespace
}  // namespace brownout::experiment
