// SPDX-License-Identifier: Apache-2.0
// PattBET: the trainer's perturbed codes are those that eval reads on the same chip.
#include "trainers/method/error_pattern.hpp"

#include <gtest/gtest.h>

#include <filesystem>

#include "sim/base/error.hpp"
#include "sim/base/files.hpp"
#include "sim/memory/transient.hpp"
#include "sim/network/onnx_file.hpp"
#include "sim/profiles/chip_profile.hpp"
#include "sim/weights/faulty_reader.hpp"
#include "small_training.hpp"
#include "trainers/output/export.hpp"

namespace brownout::trainers {
namespace {

namespace fs = std::filesystem;

const std::string kChip1 = std::string(BROWNOUT_SOURCE_DIR) + "/profiles/chip1-synthetic.h5";

TrainingConfig pattern_config(const std::string& pattern, const std::string& more,
                              const std::string& quantization = "{scheme: rquant, bits: 8}") {
  return small_config("w_max: 0.3\nbit_errors: {pattern: \"" + pattern + "\", " + more +
                          ", start_loss: 100}\noptimizer: {learning_rate: 0.02}\n",
                      quantization);
}

std::string refusal(const std::string& bit_errors) {
  try {
    const SmallTraining small(small_config("bit_errors: {" + bit_errors + "}\n"));
  } catch (const InputError& error) {
    return error.what();
  }
  return "accepted";
}

struct Case {
  std::string pattern, more, quantization;
  std::uint64_t evaluation_seed;
};

class PatternChips : public testing::TestWithParam<Case> {};

TEST_P(PatternChips, PerturbedCodesAreThoseThatEvalReads) {
  const Case& given = GetParam();
  SmallTraining small(pattern_config(given.pattern, given.more, given.quantization));
  Trainer& trainer = small.trainer;
  for (int i = 0; i < 3; ++i) trainer.step();
  trainer.quantize_now();
  std::vector<float> read = trainer.decoded();
  const std::int64_t wrong =
      trainer.pattern()->inject(trainer.coder(), trainer.state().step, read.data());

  // What `brownout eval FILE --chip PATTERN` does with the exported network.
  const fs::path file = fs::path(testing::TempDir()) / "brownout-pattern.onnx";
  network::write_onnx(build_network(trainer, calibrate(trainer, 32), {}), file);
  const network::Network network = network::read_onnx(file);
  weights::FaultyReader reader(network::share(network), mapping::resident(network));
  const auto chip = chips::make_chip(given.pattern);
  const memory::FaultList faults = chip->faults(
      memory::MemoryId::kWeights, reader.placement().words, trainer.config().errors.point());
  weights::ReadStats stats;
  const network::Codes& codes = reader.read(faults, {chip->die(), given.evaluation_seed}, &stats);

  EXPECT_EQ(trainer.pattern()->codes(), codes);
  EXPECT_EQ(wrong, stats.bits_wrong);
  EXPECT_EQ(trainer.pattern()->cells_hit(), stats.cells_hit);
  EXPECT_GT(stats.codes_changed, 20);
  for (std::size_t t = 0; t < codes.size(); ++t) {
    const network::Coding& coding = *network.parameters[t].coding;
    for (std::size_t i = 0; i < codes[t].size(); ++i) {
      ASSERT_EQ(read[static_cast<std::size_t>(trainer.coder().spans()[t].first) + i],
                network::decode(coding, codes[t][i]))
          << network.parameters[t].name << " " << i;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(
    Chips, PatternChips,
    testing::Values(
        Case{"random:7", "rate: 0.02", "{scheme: rquant, bits: 8}", 0},
        Case{"random:7", "rate: 0.1", "{scheme: symmetric, bits: 3, rounding: truncate}", 0},
        Case{"random:8,p_err=0.5", "rate: 0.05", "{scheme: rquant, bits: 8}", 0},
        Case{"physical:3", "voltage: 0.78", "{scheme: rquant, bits: 4}", 0},
        Case{"physical:3," + std::string(BROWNOUT_SOURCE_DIR) + "/profiles/physical-14nm.yaml",
             "voltage: 0.78, evaluation_seed: 5", "{scheme: uniform, bits: 8}", 5},
        Case{kChip1, "voltage: 0.8114", "{scheme: rquant, bits: 8}", 0},
        Case{kChip1 + ",offset=77777", "voltage: 0.8114, evaluation_seed: 9",
             "{scheme: asymmetric-signed, bits: 8}", 9}));

TEST(ErrorPattern, IsTheSameInEveryStepUnlessReadsAreFresh) {
  SmallTraining small(pattern_config("physical:3", "voltage: 0.78"));
  small.trainer.quantize_now();
  ErrorPattern& frozen = *small.trainer.pattern();
  std::vector<float> decoded = small.trainer.decoded();
  frozen.inject(small.trainer.coder(), 1, decoded.data());
  const network::Codes first = frozen.codes();
  frozen.inject(small.trainer.coder(), 2, decoded.data());
  EXPECT_EQ(frozen.codes(), first);

  const TrainingConfig config = pattern_config("physical:3", "voltage: 0.78, reads: fresh");
  ErrorPattern fresh(config.errors, small.architecture.parameters, config.coding);
  fresh.inject(small.trainer.coder(), 1, decoded.data());
  const network::Codes one = fresh.codes();
  fresh.inject(small.trainer.coder(), 2, decoded.data());
  EXPECT_NE(fresh.codes(), one);
  fresh.inject(small.trainer.coder(), 1, decoded.data());
  EXPECT_EQ(fresh.codes(), one);  // counted by the step alone

  const network::Network network = build_network(small.trainer, calibrate(small.trainer, 32), {});
  weights::FaultyReader reader(network::share(network), mapping::resident(network));
  const auto chip = chips::make_chip("physical:3");
  const memory::FaultList faults =
      chip->faults(memory::MemoryId::kWeights, reader.placement().words, {0.78, 0.0});
  EXPECT_EQ(reader.read(faults, {chip->die(), 0, /*fresh=*/true, /*batch=*/1}), one);
}

TEST(ErrorPattern, OfPersistentCellsLeavesOutThoseThatFailSometimes) {
  const auto pattern_of = [](const std::string& more) {
    const TrainingConfig config = pattern_config(kChip1, "voltage: 0.8114" + more);
    const SmallTraining small(config);
    return ErrorPattern(config.errors, small.architecture.parameters, config.coding);
  };
  const ErrorPattern all = pattern_of("");
  const ErrorPattern persistent = pattern_of(", cells: persistent");
  EXPECT_LT(persistent.cells_hit(), all.cells_hit() / 2);
  const double share =
      static_cast<double>(persistent.cells_hit()) / static_cast<double>(persistent.bits());
  EXPECT_NEAR(share, 0.01223, 0.004);  // of the whole map: 1.223 %
  EXPECT_NEAR(persistent.cell_rate(), share, 0.02 * share);
  EXPECT_NE(persistent.sha256(), all.sha256());
}

TEST(ErrorPattern, TrainsOnTheNetworksOwnErrors) {
  SmallTraining small(pattern_config("random:7", "rate: 0.02"));
  EXPECT_FALSE(small.trainer.step().injected);
  const StepResult second = small.trainer.step();
  EXPECT_TRUE(second.injected);
  EXPECT_EQ(second.flipped_bits, small.trainer.pattern()->cells_hit());  // every cell flips
  EXPECT_NE(second.perturbed_loss, second.clean.loss);
}

TEST(ErrorPattern, OnlyCodedTensorsAreHit) {
  SmallTraining small(
      pattern_config("random:7", "rate: 0.3", "{scheme: rquant, bits: 8, coded: [weight]}"));
  small.trainer.quantize_now();
  std::vector<float> read = small.trainer.decoded();
  small.trainer.pattern()->inject(small.trainer.coder(), 0, read.data());
  for (const TensorSpan& span : small.trainer.coder().spans()) {
    for (std::int64_t i = span.first; i < span.first + span.count && !span.coded; ++i) {
      const auto at = static_cast<std::size_t>(i);
      ASSERT_EQ(read[at], small.trainer.decoded()[at]);
    }
  }
  EXPECT_EQ(small.trainer.pattern()->bits(), small.trainer.coder().coded_size() * 8);
}

TEST(ErrorPattern, AnotherPatternIsAnotherTraining) {
  SmallTraining small(pattern_config("random:7", "rate: 0.02"));
  SmallTraining other(pattern_config("random:8", "rate: 0.02"));
  Checkpoint checkpoint = small.trainer.state();
  EXPECT_EQ(difference(checkpoint, other.trainer.state()),
            "bit_errors.pattern there is \"random:7\", here \"random:8\"");
  // The same name with other cells: a file that was replaced.
  checkpoint.surroundings["pattern_sha256"] = std::string(64, '0');
  EXPECT_EQ(difference(checkpoint, small.trainer.state()).rfind("pattern_sha256 there", 0), 0u);
  EXPECT_NE(small.trainer.state().surroundings.at("pattern_sha256"),
            other.trainer.state().surroundings.at("pattern_sha256"));
}

TEST(ErrorPattern, ItsNameInResultsHasNoFolder) {
  EXPECT_EQ(without_folder("random:7,p_err=0.5"), "random:7,p_err=0.5");
  EXPECT_EQ(without_folder("physical:7"), "physical:7");
  EXPECT_EQ(without_folder("physical:7,/a/b/c.yaml"), "physical:7,c.yaml");
  EXPECT_EQ(without_folder("physical:/a/b/c.yaml,seed=7"), "physical:c.yaml,seed=7");
  EXPECT_EQ(without_folder("/a/b/c.h5,offset=4,no-wrap"), "c.h5,offset=4,no-wrap");
  EXPECT_NE(
      describe(pattern_config(kChip1 + ",offset=4", "voltage: 0.82"))
          .find("bit_errors: {pattern: \"chip1-synthetic.h5,offset=4\", voltage: 0.82, cells: "
                "all, reads: frozen, evaluation_seed: 0, start_loss: 100,"),
      std::string::npos);
}

TEST(ErrorPattern, OfARandomChipTakesARateOrATechnologysVoltage) {
  const TrainingConfig config = pattern_config(
      "random:7", "voltage: 0.8333333333333334, technology: " + std::string(BROWNOUT_SOURCE_DIR) +
                      "/profiles/14nm-finfet.yaml");
  EXPECT_NEAR(config.errors.rate, 0.01115, 1e-9);
}

TEST(ErrorPattern, RefusesWhatCannotBeAPattern) {
  const std::string file = "small-training.yaml:";
  const auto expect = [&](const std::string& bit_errors, const std::string& message) {
    const std::string found = refusal(bit_errors);
    EXPECT_EQ(found.rfind(file, 0), 0u) << found;
    EXPECT_NE(found.find(message), std::string::npos) << bit_errors << ": " << found;
  };
  expect("pattern: none.h5, voltage: 0.8", "none.h5");
  expect("pattern: \"random:x\", rate: 0.1", "expected random:SEED");
  expect("pattern: \"random:1\"", "expected either rate or voltage beside it, found neither");
  expect("pattern: \"physical:1\", rate: 0.1, voltage: 0.8", "found both");
  expect("pattern: \"physical:1\", rate: 0.1", "fails by its voltage");
  expect("pattern: \"random:1\", voltage: 0.8", "technology: FILE");
  expect("pattern: \"random:1\", rate: 0.1, technology: a.yaml", "bit_errors.technology");
  expect("pattern: \"physical:1\", voltage: 0.8, technology: a.yaml", "knows its own rates");
  expect("pattern: \"random:1\", rate: 1.5", "bit_errors.rate");
  expect("pattern: \"random:1,p_err=0.1\", rate: 0.5", "p_err");
  expect("pattern: \"" + kChip1 + "\", voltage: 0.5", "the lowest one of the profile");
  expect("pattern: \"physical:1\", voltage: 1", "found none");
  expect("pattern: \"random:1\", rate: 0.1, reads: sometimes", "bit_errors.reads");
  expect("pattern: \"random:1\", rate: 0.1, cells: some", "bit_errors.cells");
  expect("rate: 0.1, voltage: 0.8", "goes with a pattern");
  expect("rate: 0.1, reads: fresh", "goes with a pattern");
}

TEST(ErrorPattern, OfAChipThatIsTooSmallAndMayNotRepeatSaysHowManyBitsAreMissing) {
  profiles::Profile profile;
  profile.name = "tiny";
  profile.origin = "test";
  profile.arrays = 1;
  profile.rows = 8;
  profile.columns = 64;
  profile.levels = {{0.8, {{3, 1.0f, 0.0f}}}};
  const fs::path file = fs::path(testing::TempDir()) / "brownout-tiny.h5";
  profiles::write_profile(file, profile);
  const std::string found = refusal("pattern: \"" + file.string() + ",no-wrap\", voltage: 0.8");
  EXPECT_NE(found.find("bits are missing"), std::string::npos) << found;
  EXPECT_EQ(refusal("pattern: \"" + file.string() + "\", voltage: 0.8"), "accepted");
}

}  // namespace
}  // namespace brownout::trainers
