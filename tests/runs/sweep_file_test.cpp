// SPDX-License-Identifier: Apache-2.0
// The sweep file: what it accepts, and the place at which every mistake is reported.
#include "sim/runs/sweep_file.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>

#include "sim/base/error.hpp"
#include "sim/runs/sweep_chips.hpp"

namespace brownout::runs {
namespace {

namespace fs = std::filesystem;

class Configuration : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = fs::path(testing::TempDir()) / ("brownout-config-" + std::to_string(::getpid()));
    fs::create_directories(folder_);
    for (const char* name : {"one.onnx", "two.onnx"}) std::ofstream(folder_ / name) << "a network";
  }
  void TearDown() override { fs::remove_all(folder_); }

  SweepConfig load(const std::string& text) {
    const fs::path file = folder_ / "sweep.yaml";
    std::ofstream(file) << text;
    return load_sweep(file);
  }
  std::string message(const std::string& text) {
    try {
      load(text);
    } catch (const InputError& error) {
      return error.what();
    }
    return "";
  }
  static std::string base() {
    return std::string("technology: " BROWNOUT_SOURCE_DIR "/profiles/14nm-finfet.yaml\n") +
           "models: [one.onnx, two.onnx]\n"
           "dataset: fashion-mnist\n";
  }

  fs::path folder_;
};

TEST_F(Configuration, ReadsEveryKey) {
  const SweepConfig config =
      load(base() +
           "split: train\ndata_folder: data\nimages: 500\nengine: float\n"
           "chips: 7\nseed: 3\np_err: 0.5\nbit_offset: 9\n"
           "evaluation_seed: 4\nvoltages: [0.8, 1.0, 0.9]\n"
           "safe_voltage: {max_drop_points: 1, tolerance: 0.01, yield: 0.99,\n"
           "               confidence: 0.9, chosen_on: 400, stated_on: 50,\n"
           "               stated_seed: 9000}\n");
  EXPECT_EQ(config.models[1], folder_ / "two.onnx");  // relative to the file
  EXPECT_EQ(config.setup.images.folder, folder_ / "data");
  EXPECT_EQ(config.setup.images.split, data::Split::kTrain);
  EXPECT_EQ(config.setup.images.count, 500);
  EXPECT_EQ(config.setup.engine, "float");
  EXPECT_EQ(config.chips, 7);
  EXPECT_EQ(config.seed, 3);
  EXPECT_EQ(config.errors.p01, 0.5);
  EXPECT_EQ(config.errors.p10, 0.5);
  EXPECT_FALSE(config.by_rate());
  EXPECT_EQ(config.setup.target.bit_offset, 9u);
  EXPECT_EQ(config.setup.reads.evaluation_seed, 4u);
  EXPECT_EQ(config.voltages, (std::vector<double>{1.0, 0.9, 0.8}));  // sorted downward
  EXPECT_EQ(config.safe.max_drop_points, 1.0);
  EXPECT_EQ(config.safe.tolerance, 0.01);
  EXPECT_EQ(config.safe.yield->yield, 0.99);
  EXPECT_EQ(config.safe.yield->confidence, 0.9);
  EXPECT_EQ(config.safe.chosen_on, 400);
  EXPECT_EQ(config.safe.stated_on, 50);
  EXPECT_EQ(config.safe.stated_seed, 9000);
}

TEST_F(Configuration, ASafeVoltageIsAYieldOnAsManyDiesAsItTakesUnlessToldOtherwise) {
  const std::string rest = "chips: 7\nseed: 3\nvoltages: [0.9]\n";
  SweepConfig config = load(base() + rest);
  EXPECT_EQ(config.safe.yield->yield, 0.9);
  settle_safe_voltage(config);
  EXPECT_EQ(config.safe.chosen_on, 29);
  EXPECT_EQ(config.safe.stated_on, 29);
  EXPECT_EQ(config.safe.stated_seed, 3 + kMaxChips);
  const SweepChips chips = sweep_chips(config);
  EXPECT_EQ(chips.grid.size(), 7u);
  EXPECT_EQ(chips.chosen.back()->name(), "random:31");
  EXPECT_EQ(chips.stated.front()->name(), "random:1000003");

  // The chips of the grid are evaluated in any case.
  config = load(base() + "chips: 60\nvoltages: [0.9]\n");
  settle_safe_voltage(config);
  EXPECT_EQ(config.safe.chosen_on, 60);

  config = load(base() + rest + "safe_voltage: {yield: mean, stated_on: 5}\n");
  EXPECT_FALSE(config.safe.yield);
  settle_safe_voltage(config);
  EXPECT_EQ(config.safe.chosen_on, 7);
  EXPECT_EQ(config.safe.stated_on, 5);
}

TEST_F(Configuration, SafeVoltagesThatCannotBeShownAreRefused) {
  const std::string rest = "chips: 7\nseed: 3\nvoltages: [0.9]\nsafe_voltage: ";
  const auto message = [&](const std::string& safe) -> std::string {
    try {
      SweepConfig config = load(base() + rest + safe + "\n");
      settle_safe_voltage(config);
    } catch (const InputError& error) {
      return error.what();
    }
    return "";
  };
  for (const auto& [safe, part] : std::vector<std::pair<std::string, std::string>>{
           {"{yield: median}", "safe_voltage.yield: expected mean or a number in [0.5, 0.999]"},
           {"{yield: 1}", "safe_voltage.yield: expected mean or a number in [0.5, 0.999]"},
           {"{chosen_on: 28}", "safe_voltage.chosen_on: expected at least 29"},
           {"{yield: 0.99, chosen_on: 298}", "safe_voltage.chosen_on: expected at least 299"},
           {"{yield: mean, chosen_on: 9}", "safe_voltage.chosen_on: is of a yield"},
           {"{yield: mean, confidence: 0.9}", "safe_voltage.confidence: is of a yield"},
           {"{stated_seed: 31}", "safe_voltage.stated_seed: expected chips that were never"},
           {"{stated_seed: 0, stated_on: 4}",
            "safe_voltage.stated_seed: expected chips that were"}}) {
    EXPECT_NE(message(safe).find(part), std::string::npos) << safe << ": " << message(safe);
  }
  EXPECT_EQ(message("{stated_seed: 32}"), "");
  EXPECT_EQ(message("{stated_seed: 0, stated_on: 3}"), "");
}

TEST_F(Configuration, GridReachesBothEndsExactly) {
  const SweepConfig config =
      load(base() + "chips: 1\nvoltage_grid: {from: 0.75, to: 1.0, points: 7}\n");
  ASSERT_EQ(config.voltages.size(), 7u);
  for (int k = 0; k < 7; ++k) {
    EXPECT_NEAR(config.voltages[static_cast<std::size_t>(k)], (24 - k) / 24.0, 1e-15);
  }
  EXPECT_EQ(config.voltages.front(), 1.0);
  EXPECT_EQ(config.voltages.back(), 0.75);
}

TEST_F(Configuration, MistakesNameLineColumnAndKey) {
  const std::string tail = "chips: 1\nvoltages: [0.9]\n";
  const auto expect = [&](const std::string& text, const std::string& part) {
    EXPECT_NE(message(text).find(part), std::string::npos) << text << "\n" << message(text);
  };
  expect(base() + tail + "imagse: 3\n", "sweep.yaml:6:1: unknown key \"imagse\"");
  expect(base() + tail + "imagse: 3\n", "did you mean \"images\"?");
  expect(base() + tail + "chips: 2\n", "duplicate key \"chips\"");
  expect(base() + "chips: 0\nvoltages: [0.9]\n", "chips: expected an integer in [1, ");
  expect(base() + "chips: 1\nvoltages: [0.5]\n", "voltages[0]: expected a number in [0.75, 1]");
  expect(base() + "chips: 1\nvoltages: [.nan]\n", "voltages[0]: expected a number");
  expect(base() + "chips: 1\nvoltages: [0.9, 0.9]\n", "0.9 is listed twice");
  expect(base() + "chips: 1\n", "expected exactly one of voltages");
  expect(base() + tail + "voltage_grid: {from: 0.8, to: 0.9, points: 3}\n", "exactly one of");
  expect(base() + "chips: 1\nvoltage_grid: {from: 0.9, to: 0.8, points: 3}\n",
         "voltage_grid.to: expected a voltage above");
  expect(base() + tail + "engine: fast\n", "engine: expected one of functional, float");
  expect(base() + tail + "p_err: 0\n", "p_err: expected a number in");
  expect(base() + "chips: 1\nvoltages: [0.75]\np_err: 0.1\n",
         "p_err: expected at least the highest bit error rate, 0.2056");
  expect("models: [a.onnx]\n", "technology: missing");
  expect(base() + "chips: 1\nvoltages: [0.5]\n", "profiles/14nm-finfet.yaml)");
  expect("technology: none.yaml\n", "sweep.yaml:1:13: technology: ");
}

TEST_F(Configuration, NetworksWithOneNameAreRefused) {
  for (const char* name : {"a", "b"}) {
    fs::create_directories(folder_ / name);
    std::ofstream(folder_ / name / "net.onnx") << "a network";
  }
  const std::string text =
      std::string("technology: " BROWNOUT_SOURCE_DIR "/profiles/14nm-finfet.yaml\n") +
      "models: [a/net.onnx, b/net.onnx]\ndataset: fashion-mnist\n"
      "chips: 1\nvoltages: [0.9]\n";
  EXPECT_NE(message(text).find("\"net\" names"), std::string::npos) << message(text);
}

TEST_F(Configuration, MitigationsAreAListInCanonicalForm) {
  std::ofstream(folder_ / "s.json") << "{}";
  const std::string tail = "chips: 1\nvoltages: [0.9]\n";
  const SweepConfig config =
      load(base() + tail +
           "mitigations: [none, 'secded,on-error=pass', boost=0.040, placement=s.json]\n");
  ASSERT_EQ(config.mitigations.size(), 4u);
  EXPECT_EQ(config.mitigations[0].name, "none");
  EXPECT_EQ(config.mitigations[1].name, "secded");
  EXPECT_EQ(config.mitigations[1].identity, "secded");
  EXPECT_EQ(config.mitigations[2].name, "boost=0.04");
  EXPECT_EQ(config.mitigations[3].name, "placement=s.json");
  EXPECT_EQ(config.mitigations[3].what.sensitivity, (folder_ / "s.json").string());
  // The content of the file counts, not its place.
  EXPECT_EQ(config.mitigations[3].identity.substr(0, 28), "placement=sha256:44136fa355b");

  ASSERT_EQ(load(base() + tail).mitigations.size(), 1u);
  EXPECT_FALSE(load(base() + tail).mitigations[0].what.any());
}

TEST_F(Configuration, AnAcceleratorBringsItsMitigationUnlessThereIsAList) {
  std::ofstream(folder_ / "a.yaml")
      << "name: a\ntechnology: " BROWNOUT_SOURCE_DIR
         "/profiles/14nm-finfet.yaml\nweights: {mitigation: parity+msb=1}\n";
  const std::string tail = "chips: 1\nvoltages: [0.9]\naccelerator: a.yaml\n";
  const SweepConfig own = load(base() + tail);
  ASSERT_EQ(own.mitigations.size(), 1u);
  EXPECT_EQ(own.mitigations[0].name, "parity+msb=1");
  EXPECT_FALSE(own.setup.target.accelerator->weights.mitigations.any());
  EXPECT_EQ(load(base() + tail + "mitigations: [none]\n").mitigations[0].name, "none");
}

TEST_F(Configuration, MistakesInMitigationsNameThePlace) {
  const std::string tail = "chips: 1\nvoltages: [0.9]\n";
  const auto expect = [&](const std::string& list, const std::string& part) {
    const std::string text = message(base() + tail + "mitigations: " + list + "\n");
    EXPECT_NE(text.find(part), std::string::npos) << list << "\n" << text;
  };
  expect("[ecc]", "sweep.yaml:6:14: mitigations: \"ecc\": expected none, or parts");
  expect("[none, none]", "mitigations: \"none\" is listed twice");
  expect("[parity, 'parity,on-error=zero']", "mitigations: \"parity\" is listed twice");
  expect("[]", "mitigations");
  expect("[placement=gone.json]", "expected a file of sensitivities, found none");
}

TEST_F(Configuration, AMitigationNeedsATechnologyThatPricesIt) {
  std::ifstream file(BROWNOUT_SOURCE_DIR "/profiles/14nm-finfet.yaml");
  std::string text((std::istreambuf_iterator<char>(file)), {});
  text.resize(text.find("\nmitigation:"));
  std::ofstream(folder_ / "bare.yaml") << text;
  const std::string rest =
      "technology: bare.yaml\nmodels: [one.onnx]\ndataset: fashion-mnist\nchips: 1\n"
      "voltages: [0.9]\n";
  EXPECT_EQ(message(rest), "");
  EXPECT_NE(message(rest + "mitigations: [none, secded]\n")
                .find("bare.yaml: mitigation: missing; expected what mitigations cost"),
            std::string::npos);
}

}  // namespace
}  // namespace brownout::runs
