// SPDX-License-Identifier: Apache-2.0
// Which chips an evaluation gets, and what does not go together.
#include "sim/runs/chip_choice.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "sim/base/error.hpp"

namespace brownout::runs {
namespace {

using Names = std::vector<std::string>;

EvalConfig at_rate(double rate) {
  EvalConfig config;
  config.rate = rate;
  return config;
}

std::string refusal(const ChipChoice& choice, EvalConfig config) {
  try {
    choose_chips(choice, config);
  } catch (const InputError& error) {
    return error.what();
  }
  return "";
}

TEST(ChipChoice, RandomChipsBeginAtTheSeed) {
  ChipChoice choice;
  choice.count = 2;
  choice.seed = 7;
  choice.p_err = 0.5;
  EvalConfig config = at_rate(0.1);
  choose_chips(choice, config);
  EXPECT_EQ(config.chips, (Names{"random:7,p_err=0.5", "random:8,p_err=0.5"}));
  EXPECT_EQ(config.seed, 7u);
  EXPECT_EQ(config.p_err, 0.5);
}

TEST(ChipChoice, TheUsualChipsAreTenFromSeedZero) {
  EvalConfig config = at_rate(0.1);
  choose_chips({}, config);
  ASSERT_EQ(config.chips.size(), 10u);
  EXPECT_EQ(config.chips.back(), "random:9");
  EXPECT_EQ(config.p_err, 1.0);
}

TEST(ChipChoice, NamedChipsHaveTheirCanonicalNamesAndNoSeed) {
  ChipChoice choice;
  choice.named = {"random:03", "random:1"};
  EvalConfig config = at_rate(0.1);
  choose_chips(choice, config);
  EXPECT_EQ(config.chips, (Names{"random:3", "random:1"}));
  EXPECT_EQ(config.seed, std::nullopt);
  EXPECT_EQ(config.p_err, std::nullopt);
  choice.named.emplace_back("random:3");
  EXPECT_EQ(refusal(choice, at_rate(0.1)), "chip: random:3 is named twice");
}

TEST(ChipChoice, DrawsOfNoiseAreNamedByTheirSeeds) {
  ChipChoice choice;
  choice.count = 2;
  choice.seed = 3;
  EvalConfig config;
  config.weight_noise = 0.1;
  config.setup.engine = "float";
  choose_chips(choice, config);
  EXPECT_EQ(config.chips, (Names{"noise:3", "noise:4"}));
}

TEST(ChipChoice, WithoutAnOperatingPointThereAreNoChips) {
  EvalConfig clean;
  choose_chips({}, clean);
  EXPECT_TRUE(clean.chips.empty());
  ChipChoice choice;
  choice.seed = 3;
  EXPECT_EQ(refusal(choice, {}), "seed: needs an operating point; expected rate or voltage");
}

TEST(ChipChoice, RefusalsSpeakOfFields) {
  ChipChoice choice;
  choice.p_err = 0.05;
  EXPECT_EQ(refusal(choice, at_rate(0.1)),
            "p_err: expected at least the bit error rate 0.1, got 0.05");
  EvalConfig noise;
  noise.weight_noise = 0.1;
  EXPECT_EQ(refusal({}, noise),
            "weight_noise: moves weights off their codes, which engine functional computes on; "
            "expected engine float");
  EvalConfig statistics;
  statistics.setup.batch_statistics = true;
  EXPECT_EQ(refusal({}, statistics).rfind("batch_statistics: batch norms compute with", 0), 0u);
  EvalConfig systemc;
  systemc.setup.engine = "systemc";
  EXPECT_EQ(refusal({}, systemc),
            "engine systemc: needs an accelerator; expected accelerator FILE");
}

}  // namespace
}  // namespace brownout::runs
