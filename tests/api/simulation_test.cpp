// SPDX-License-Identifier: Apache-2.0
// Cycles and energy in the library beside those of the command: experiments on an accelerator, runs
// and sweeps.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "brownout/experiment.hpp"
#include "brownout/systemc.hpp"
#include "sim/base/files.hpp"
#include "tests/api/expect_error.hpp"
#include "tests/end_to_end/workplace.hpp"

namespace brownout {
namespace {

using end_to_end::Outcome;
using end_to_end::without_timing;
using Json = nlohmann::json;

class Simulation : public testing::Test {
 protected:
  ExperimentConfig config() const {
    ExperimentConfig config;
    config.data = (workplace_.folder() / "data").string();
    config.images = 20;
    config.accelerator = "edge-16x16";
    config.simulator = make_systemc_simulator();
    return config;
  }
  Network network() const { return Network::load(workplace_.network().string()); }
  Json command(std::vector<std::string> arguments) const {
    arguments.insert(arguments.end(), {"--json", "-", "--quiet"});
    const Outcome outcome = workplace_.run(BROWNOUT_BINARY, arguments);
    EXPECT_EQ(outcome.code, 0) << outcome.err;
    return without_timing(outcome.json());
  }
  end_to_end::Workplace workplace_;
};

TEST_F(Simulation, ExperimentsOnAnAcceleratorHaveCyclesAndEnergy) {
  ExperimentConfig config = this->config();
  config.supplies["activations"] = "scaled";
  config.memory_rates["accumulators"] = 0.001;
  Experiment experiment(network(), config);
  const EvalResult result = experiment.run(Conditions::at_voltage(0.84), {"random:1", "random:2"});
  const Json json = command({"eval", workplace_.network().string(), "--data", config.data,
                             "--images", "20", "--accelerator", "edge-16x16", "--voltage", "0.84",
                             "--chip", "random:1", "--chip", "random:2", "--supply",
                             "activations=scaled", "--memory-rate", "accumulators=0.001"});
  EXPECT_EQ(without_timing(Json::parse(result.json)), json);
  EXPECT_EQ(*result.cycles, json["cycles"]);
  EXPECT_EQ(*result.latency_ms, json["latency_ms"]);
  EXPECT_EQ(*result.energy_uj, json["energy_uj"]);
  // The second operating point has the cycles of the first and its own energy.
  const EvalResult lower = experiment.run(Conditions::at_voltage(0.80), {"random:1"});
  EXPECT_EQ(lower.cycles, result.cycles);
  EXPECT_LT(*lower.energy_uj, *result.energy_uj);
}

TEST_F(Simulation, RunsAreThoseOfTheCommand) {
  ExperimentConfig config = this->config();
  config.keep_logits = true;
  config.mitigation = "secded";
  const RunResult result = run(network(), config, 0.84, "random:3");
  const Json json = command({"run", workplace_.network().string(), "--data", config.data,
                             "--images", "20", "--accelerator", "edge-16x16", "--mitigation",
                             "secded", "--voltage", "0.84", "--chip", "random:3"});
  EXPECT_EQ(without_timing(Json::parse(result.json)), json);
  EXPECT_EQ(result.cycles, json["cycles_total"]);
  EXPECT_EQ(result.cycles_per_image, json["cycles_per_image"]);
  EXPECT_EQ(result.energy_uj, json["energy_uj"]["total"]);
  EXPECT_EQ(result.err, json["err"]);
  EXPECT_EQ(result.images, 20);
  EXPECT_EQ(result.logits.size(), 200u);
  const RunResult safe = run(network(), config);
  EXPECT_EQ(safe.cycles, result.cycles);
  EXPECT_NE(safe.logits, result.logits);
}

TEST_F(Simulation, RunsWithoutWhatTheyNeedAreRefused) {
  ExperimentConfig config = this->config();
  config.accelerator = "";
  expect_error([&] { run(network(), config, 0.84); },
               "accelerator: expected a name or a file, got none");
  config = this->config();
  expect_error([&] { run(network(), config, std::nullopt, "random:1"); },
               "chip: needs an operating point; expected voltage V");
  config.only_bits = "7";
  expect_error([&] { run(network(), config, 0.84); }, "only_bits: ");
  config = this->config();
  config.simulator = nullptr;
  expect_error([&] { run(network(), config, 0.84); }, "simulator");
  expect_error([&] { Experiment(network(), config); }, "simulator: cycles and energy of an");
}

TEST_F(Simulation, WhatUsesTheSimulatorIsRefusedWhileItIsUsed) {
  const std::string refused = "progress: the run that calls it has not ended; expected a function";
  const ExperimentConfig config = this->config();
  const Network net = network();
  const std::string file = workplace_.sweep_file().string();
  SweepOptions options;
  options.chips = 2;
  const auto sweep_into = [&](const std::string& name, const ProgressFunction& progress) {
    options.folder = (workplace_.folder() / name).string();
    return sweep(file, options, progress).csv;
  };
  ExperimentConfig without = config;
  without.accelerator = "";
  Experiment simulated(net, config), other(net, config), plain(net, without);
  const auto expect_refused = [&](bool also_sweeps) {
    expect_error([&] { run(net, config); }, refused);
    expect_error([&] { other.run({}); }, refused);
    options.simulator = config.simulator;
    if (also_sweeps) expect_error([&] { sweep_into("inner", {}); }, refused);
    options.simulator = nullptr;
    EXPECT_EQ(plain.run({}).images, 20);
  };
  const RunResult alone = run(net, config);
  const double energy = *simulated.run(Conditions::at_voltage(0.84)).energy_uj;
  const std::string csv = sweep_into("alone", {});
  int calls = 0;
  const auto progress = [&](std::int64_t, std::int64_t) {
    if (++calls <= 2) expect_refused(true);
    return true;
  };
  const RunResult again = run(net, config, std::nullopt, "", progress);
  EXPECT_EQ(again.cycles, alone.cycles);
  EXPECT_EQ(again.err, alone.err);
  EXPECT_GE(std::exchange(calls, 0), 1);
  EXPECT_EQ(*simulated.run(Conditions::at_voltage(0.84), {}, progress).energy_uj, energy);
  EXPECT_GE(std::exchange(calls, 0), 1);
  // A sweep in a sweep, whatever its folder.
  EXPECT_EQ(sweep_into("outer",
                       [&](std::int64_t, std::int64_t) {
                         if (++calls > 2) return true;
                         expect_error([&] { sweep(file, options); }, refused);
                         SweepOptions inner = options;
                         inner.folder = (workplace_.folder() / "inner").string();
                         expect_error([&] { sweep(file, inner); }, refused);
                         return true;
                       }),
            csv);
  EXPECT_GE(calls, 1);
  EXPECT_FALSE(std::filesystem::exists(workplace_.folder() / "inner"));
}

TEST_F(Simulation, ASweepThatWasEndedGoesOnAndWritesTheFilesOfTheCommand) {
  SweepOptions options;
  options.folder = (workplace_.folder() / "library").string();
  options.chips = 3;
  const std::string file = workplace_.sweep_file().string();
  std::int64_t most = 0;
  EXPECT_THROW(sweep(file, options,
                     [&](std::int64_t done, std::int64_t) {
                       most = std::max(most, done);
                       return done < 2;
                     }),
               Interrupted);
  EXPECT_EQ(most, 2);
  EXPECT_FALSE(std::filesystem::exists(workplace_.folder() / "library" / "sweep.json"));
  const SweepResult result = sweep(file, options);
  EXPECT_EQ(result.folder, options.folder);
  const Outcome outcome = workplace_.run(
      BROWNOUT_BINARY, {"sweep", file, "--out", "command", "--chips", "3", "--no-plot", "--quiet"});
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  const auto same = [&](const std::string& name, const std::string& text) {
    EXPECT_EQ(text, read_file(workplace_.folder() / "command" / name)) << name;
    EXPECT_EQ(text, read_file(workplace_.folder() / "library" / name)) << name;
  };
  same("points.csv", result.csv);
  same("samples.csv", result.samples_csv);
  same("safe_voltage.csv", result.safe_voltage_csv);
  EXPECT_EQ(without_timing(Json::parse(result.json))["points"],
            Json::parse(read_file(workplace_.folder() / "command" / "sweep.json"))["points"]);
  EXPECT_FALSE(result.text.empty());
  // Once more in this process: everything is found.
  EXPECT_EQ(sweep(file, options).csv, result.csv);
  options.chips = 4;
  expect_error([&] { sweep(file, options); }, "holds another sweep");
  const SweepOptions asked = options;
  options.overwrite = true;
  EXPECT_NE(sweep(file, options).csv, result.csv);
  options = asked;
  EXPECT_EQ(sweep(file, options).csv, read_file(workplace_.folder() / "library" / "points.csv"));
  options.chips = 0;
  expect_error([&] { sweep(file, options); }, "chips: expected an integer in [1, ");
  expect_error([&] { sweep("none.yaml", options); }, "none.yaml");
  // Found before anything is written.
  options = {};
  options.folder = (workplace_.folder() / "no-simulator").string();
  expect_error([&] { sweep("demo", options); }, "simulator: ");
  EXPECT_FALSE(std::filesystem::exists(options.folder));
}

}  // namespace
}  // namespace brownout
