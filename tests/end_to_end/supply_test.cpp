// SPDX-License-Identifier: Apache-2.0
// Which memories the voltage applies to: `run`, `eval` and `sweep` follow the same supplies.
#include <gtest/gtest.h>

#include "sim/base/files.hpp"
#include "workplace.hpp"

namespace brownout::end_to_end {
namespace {

using Json = nlohmann::json;

class Supply : public testing::Test {
 protected:
  /// An accelerator file with one more line.
  std::string accelerator(const std::string& line) const {
    workplace_.write("a.yaml", "name: a\ntechnology: " BROWNOUT_SOURCE_DIR
                               "/profiles/14nm-finfet.yaml\n" +
                                   line + "\n");
    return "a.yaml";
  }
  Outcome on(const std::string& verb, std::vector<std::string> more) const {
    std::vector<std::string> arguments{verb,
                                       workplace_.network().string(),
                                       "--accelerator",
                                       "a.yaml",
                                       "--data",
                                       "data",
                                       "--images",
                                       "20"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    const Outcome outcome = workplace_.run(BROWNOUT_BINARY, arguments);
    EXPECT_EQ(outcome.code, 0) << outcome.err;
    return outcome;
  }
  Outcome sweep(std::vector<std::string> more) const {
    workplace_.write("sweep.yaml",
                     "technology: " BROWNOUT_SOURCE_DIR
                     "/profiles/14nm-finfet.yaml\nmodels: [tiny-rquant-8b.onnx]\n"
                     "dataset: fashion-mnist\ndata_folder: data\nimages: 20\nchips: 2\n"
                     "voltages: [0.75, 1]\naccelerator: a.yaml\n");
    std::vector<std::string> arguments{"sweep", "sweep.yaml", "--out", "out", "--no-plot"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    const Outcome outcome = workplace_.run(BROWNOUT_BINARY, arguments);
    EXPECT_EQ(outcome.code, 0) << outcome.err;
    return outcome;
  }
  Workplace workplace_;
};

constexpr char kNoFaults[] = "weights at Vmin: no faults";

TEST_F(Supply, WeightsAtVminHaveNoFaultsInAnyCommand) {
  accelerator("weights: {supply: vmin}");
  const Json run = on("run", {"--voltage", "0.75", "--json", "-"}).json();
  EXPECT_EQ(run["cells_hit"], 0);
  EXPECT_EQ(run["rate"], 0.0);
  const Json boosted =
      on("eval", {"--voltage", "0.85", "--chips", "2", "--mitigation", "boost=0.04", "--json", "-"})
          .json();
  EXPECT_EQ(boosted["rate"], 0.0);
  EXPECT_EQ(boosted["memories"]["weights"]["rate"], 0.0);
  for (const char* engine : {"functional", "systemc"}) {
    for (const char* point : {"--voltage", "--rate"}) {
      const Json eval = on("eval", {point, point == std::string("--rate") ? "0.1" : "0.75",
                                    "--chips", "2", "--engine", engine, "--json", "-"})
                            .json();
      EXPECT_EQ(eval["cells_hit_mean"], 0.0);
      EXPECT_EQ(eval["rate"], 0.0);
      EXPECT_EQ(eval["rerr_mean"], eval["err"]);
      EXPECT_EQ(eval["energy_sram_rel"], 1.0);
      EXPECT_EQ(eval["energy_rel"], 1.0);
      EXPECT_EQ(eval["per_chip"][0]["logits_sha256"], eval["logits_sha256"]);
      EXPECT_EQ(eval["logits_sha256"], run["logits_sha256"]);
    }
  }
  const Json swept = sweep({"--json", "-"}).json();
  for (const Json& point : swept["points"]) {
    EXPECT_EQ(point["cells_hit_mean"], 0.0);
    EXPECT_EQ(point["rate"], 0.0);
    EXPECT_EQ(point["energy_sram_rel"], 1.0);
    EXPECT_EQ(point["rerr_mean"], point["err"]);
  }
  EXPECT_EQ(swept["points"][1]["energy_parts_uj"], run["energy_uj"]);
  const Json& safe = swept["safe_voltage"][0];
  EXPECT_EQ(safe["voltage"], 0.75);
  EXPECT_EQ(safe["fails_at_voltage"], nullptr);
  EXPECT_EQ(safe["energy_saving_sram_pct"], 0.0);
  EXPECT_DOUBLE_EQ(safe["energy_saving_total_pct"],
                   100.0 * (1.0 - swept["points"][1]["energy_rel"].get<double>()));
}

TEST_F(Supply, TextsSayThatThereAreNoFaultsInsteadOfARate) {
  accelerator("weights: {supply: vmin}");
  for (const std::string& text : {on("run", {"--voltage", "0.75"}).out,
                                  on("eval", {"--voltage", "0.75"}).out, sweep({}).out}) {
    EXPECT_NE(text.find(kNoFaults), std::string::npos) << text;
  }
  EXPECT_EQ(on("run", {"--voltage", "0.75"}).out.find("bit error rate"), std::string::npos);
  accelerator("weights: {supply: scaled}");
  for (const char* verb : {"run", "eval"}) {
    const std::string text = on(verb, {"--voltage", "0.75"}).out;
    EXPECT_EQ(text.find(kNoFaults), std::string::npos) << text;
    EXPECT_NE(text.find("bit error rate"), std::string::npos) << text;
  }
}

TEST_F(Supply, ASweepThatOverridesTheAcceleratorsTechnologySaysSo) {
  accelerator("");
  EXPECT_EQ(sweep({}).err.find("technology"), std::string::npos);
  std::filesystem::remove_all(workplace_.folder() / "out");
  std::string text = read_file(BROWNOUT_SOURCE_DIR "/profiles/14nm-finfet.yaml");
  workplace_.write("copy.yaml", text);
  workplace_.write("a.yaml", "name: a\ntechnology: copy.yaml\n");
  EXPECT_EQ(sweep({}).err.find("technology"), std::string::npos);
  std::filesystem::remove_all(workplace_.folder() / "out");
  workplace_.write("copy.yaml", text + "# another\n");
  const std::string err = sweep({}).err;
  EXPECT_NE(err.find("profiles/14nm-finfet.yaml of the sweep is used, not "), std::string::npos)
      << err;
  EXPECT_NE(err.find("copy.yaml of accelerator a"), std::string::npos) << err;
}

TEST_F(Supply, EachMemoryFailsAtItsOwnSupplyAlikeInAllEngines) {
  accelerator("");
  for (const char* memory : {"input", "activations", "accumulators"}) {
    SCOPED_TRACE(memory);
    const std::string supply = std::string(memory) + "=0.8";
    const std::vector<std::string> more{"--supply", supply,     "--batch", "3",
                                        "--chip",   "random:4", "--json",  "-"};
    const Json run = on("run", more).json();
    EXPECT_EQ(run["cells_hit"], 0);
    EXPECT_EQ(run["voltage"], 1.0);
    EXPECT_EQ(run["memories"][memory]["voltage"], 0.8);
    EXPECT_GT(run["memories"][memory]["rate"], 0.01);
    EXPECT_GT(run["memory_cells"][memory], 100);
    for (const char* engine : {"functional", "reference", "systemc"}) {
      std::vector<std::string> arguments = more;
      arguments.insert(arguments.end(), {"--engine", engine});
      const Json eval = on("eval", arguments).json();
      const Json& chip = eval["per_chip"][0];
      EXPECT_NE(chip["logits_sha256"], eval["logits_sha256"]);
      EXPECT_EQ(chip["logits_sha256"], run["logits_sha256"]) << engine;
      EXPECT_EQ(chip["memory_cells"], run["memory_cells"]);
      // Its operating point, its used cells and its wrong bits are the same numbers everywhere.
      for (const char* name : {"weights", "input", "activations", "accumulators"}) {
        const Json& mean = eval["memories"][name];
        const Json& one = run["memories"][name];
        for (const char* field : {"voltage", "rate"}) EXPECT_EQ(mean[field], one[field]);
        EXPECT_EQ(mean["cells_hit_mean"], one["cells_hit"]) << name << " " << engine;
        EXPECT_EQ(mean["bits_wrong_mean"], one["bits_wrong"]) << name << " " << engine;
        EXPECT_EQ(one["bits_wrong"] > 0, name == std::string(memory)) << name;
        if (name == std::string("weights")) continue;
        EXPECT_LE(one["cells_hit"], run["memory_cells"][name]);
        EXPECT_EQ(chip["memories"][name]["bits_wrong"], one["bits_wrong"]);
        EXPECT_EQ(one["bits_wrong_per_image"], one["bits_wrong"].get<double>() / 20);
      }
      for (const auto& [name, cells] : chip["memory_cells"].items()) {
        EXPECT_EQ(cells > 0, name == memory) << name;
      }
      // Input pixels are priced with the activation memory.
      EXPECT_EQ(eval["energy_rel"] < 1.0, memory != std::string("input"));
    }
  }
}

TEST_F(Supply, TheFileTheOptionAndTheSweepSayTheSame) {
  accelerator("activations: {supply: 0.85}\naccumulators: {supply: scaled}");
  const Json file = on("run", {"--voltage", "0.9", "--json", "-"}).json();
  const Json option = [&] {
    accelerator("");
    return on("run", {"--voltage", "0.9", "--supply", "activations=0.85", "--supply",
                      "accumulators=scaled", "--json", "-"})
        .json();
  }();
  EXPECT_EQ(file["logits_sha256"], option["logits_sha256"]);
  EXPECT_EQ(file["energy_uj"], option["energy_uj"]);
  EXPECT_EQ(file["memories"]["accumulators"]["voltage"], 0.9);
  EXPECT_EQ(file["memories"]["input"]["rate"], 0.0);

  workplace_.write("sweep.yaml", "technology: " BROWNOUT_SOURCE_DIR
                                 "/profiles/14nm-finfet.yaml\nmodels: [tiny-rquant-8b.onnx]\n"
                                 "dataset: fashion-mnist\ndata_folder: data\nimages: 20\nchips: 1\n"
                                 "voltages: [0.9]\naccelerator: a.yaml\n"
                                 "supplies: {activations: 0.85, accumulators: scaled}\n");
  const Outcome outcome = workplace_.run(
      BROWNOUT_BINARY, {"sweep", "sweep.yaml", "--out", "out", "--no-plot", "--json", "-"});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  const Json point = outcome.json()["points"][0];
  EXPECT_EQ(point["rerr_mean"], file["err"]);
  for (const char* name : {"weights", "input", "activations", "accumulators"}) {
    const Json& mean = point["memories"][name];
    EXPECT_EQ(mean["cells_hit_mean"], file["memories"][name]["cells_hit"]) << name;
    EXPECT_EQ(mean["bits_wrong_mean"], file["memories"][name]["bits_wrong"]) << name;
  }
  EXPECT_GT(point["memories"]["weights"]["bits_wrong_mean"], 0);
  EXPECT_GT(point["memories"]["activations"]["bits_wrong_per_image"], 0);
  // Texts show them, and a sweep that is continued reads them from its rows.
  const Outcome again =
      workplace_.run(BROWNOUT_BINARY, {"sweep", "sweep.yaml", "--out", "out", "--no-plot"});
  EXPECT_NE(again.out.find("The other memories"), std::string::npos) << again.out;
  EXPECT_NE(again.out.find("bits wrong an image"), std::string::npos);
  EXPECT_EQ(Json::parse(read_file(workplace_.folder() / "out/sweep.json"))["points"][0]["memories"],
            point["memories"]);
  EXPECT_NE(on("run", {"--voltage", "0.9", "--supply", "activations=0.85"})
                .out.find("; activations at 0.8500 Vmin: bit error rate "),
            std::string::npos);
  EXPECT_EQ(point["energy_parts_uj"], file["energy_uj"]);
}

TEST_F(Supply, FreshDrawsOfAllMemoriesAreThoseOfTheModel) {
  accelerator("activations: {supply: 0.9}\naccumulators: {supply: 0.93}\ninput: {supply: 0.85}");
  std::vector<std::string> hashes;
  for (const char* reads : {"frozen", "fresh"}) {
    std::string first;
    for (const char* engine : {"functional", "systemc", "reference"}) {
      const Json eval = on("eval", {"--voltage", "0.9", "--chip", "random:4,p_err=0.5", "--batch",
                                    "3", "--reads", reads, "--engine", engine, "--json", "-"})
                            .json();
      const std::string hash = eval["per_chip"][0]["logits_sha256"];
      if (first.empty()) first = hash;
      EXPECT_EQ(hash, first) << reads << " " << engine;
    }
    hashes.push_back(first);
  }
  EXPECT_NE(hashes[0], hashes[1]);
}

TEST_F(Supply, ARunIsPricedAgainAtTheSuppliesOfItsMemories) {
  accelerator("activations: {supply: 0.85}\naccumulators: {supply: scaled}");
  on("run", {"--voltage", "0.9", "--json", "run.json"});
  const Json run = Json::parse(read_file(workplace_.folder() / "run.json"));
  const Outcome again =
      workplace_.run(BROWNOUT_BINARY, {"run", "--reprice", "run.json", "--json", "-"});
  EXPECT_EQ(again.json()["energy_uj"], run["energy_uj"]);
  const Json lower =
      workplace_
          .run(BROWNOUT_BINARY, {"run", "--reprice", "run.json", "--voltage", "0.8", "--json", "-"})
          .json();
  EXPECT_EQ(lower["energy_uj"]["activation_sram"], run["energy_uj"]["activation_sram"]);
  EXPECT_LT(lower["energy_uj"]["accumulator_sram"], run["energy_uj"]["accumulator_sram"]);
}

TEST_F(Supply, RatesReachRandomChipsBeyondTheTechnology) {
  accelerator("");
  const Json eval =
      on("eval", {"--memory-rate", "accumulators=0.4", "--chips", "1", "--json", "-"}).json();
  EXPECT_EQ(eval["memories"]["accumulators"]["rate"], 0.4);
  EXPECT_EQ(eval["rate"], 0.0);
  EXPECT_NEAR(eval["per_chip"][0]["memory_cells"]["accumulators"].get<double>(),
              0.4 * 2 * 1024 * 17 * 32, 4000.0);
}

TEST_F(Supply, MistakesSayWhatIsExpected) {
  accelerator("");
  const struct {
    std::vector<std::string> more;
    const char* expected;
  } cases[] = {
      {{"--supply", "activations"}, "--supply: expected MEMORY=VALUE, got \"activations\""},
      {{"--supply", "weights=0.9"}, "--supply: expected one of input, activations, accumulators"},
      {{"--supply", "input=0.9", "--supply", "input=0.8"}, "--supply: input is named twice"},
      {{"--supply", "input=low"}, "--supply input: expected scaled, vmin or a voltage in [0.1, 2]"},
      {{"--supply", "input=0.3"}, "supply of input: "},
      {{"--memory-rate", "input=2"}, "--memory-rate input: expected a number in [0, 1]"},
      {{"--memory-rate", "input=0.1", "--chip", "physical:1"},
       "--memory-rate: chip physical:1 fails by voltage; expected --supply"},
      {{"--supply", "input=0.8", "--engine", "float"},
       "engine float: has no input, activation and accumulator memories"},
  };
  for (const auto& c : cases) {
    std::vector<std::string> arguments{
        "eval", workplace_.network().string(), "--accelerator", "a.yaml", "--data", "data"};
    arguments.insert(arguments.end(), c.more.begin(), c.more.end());
    const Outcome outcome = workplace_.run(BROWNOUT_BINARY, arguments);
    EXPECT_EQ(outcome.code, 2);
    EXPECT_NE(outcome.err.find(c.expected), std::string::npos) << outcome.err;
  }
  const Outcome without = workplace_.run(
      BROWNOUT_BINARY, {"eval", workplace_.network().string(), "--supply", "input=0.8"});
  EXPECT_EQ(without.code, 2);
  EXPECT_NE(without.err.find("--supply: needs an accelerator; expected --accelerator FILE"),
            std::string::npos)
      << without.err;
}

}  // namespace
}  // namespace brownout::end_to_end
