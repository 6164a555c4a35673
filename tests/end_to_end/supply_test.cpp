// SPDX-License-Identifier: Apache-2.0
// Which memories the voltage reaches: `run`, `eval` and `sweep` follow the same supplies.
#include <gtest/gtest.h>

#include <algorithm>

#include "sim/base/files.hpp"
#include "workplace.hpp"

namespace brownout::end_to_end {
namespace {

using Json = nlohmann::json;

class Supply : public testing::Test {
 protected:
  /// An accelerator file with a line more.
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
  accelerator("weights: {supply: vmin}\nactivations: {supply: scaled}");
  const Json run = on("run", {"--voltage", "0.75", "--json", "-"}).json();
  EXPECT_EQ(run["cells_hit"], 0);
  EXPECT_EQ(run["rate"], 0.0);
  for (const char* engine : {"functional", "systemc"}) {
    for (const char* point : {"--voltage", "--rate"}) {
      const Json eval = on("eval", {point, point == std::string("--rate") ? "0.1" : "0.75",
                                    "--chips", "2", "--engine", engine, "--json", "-"})
                            .json();
      EXPECT_EQ(eval["cells_hit_mean"], 0.0);
      EXPECT_EQ(eval["rate"], 0.0);
      EXPECT_EQ(eval["rerr_mean"], eval["err"]);
      EXPECT_EQ(eval["energy_sram_rel"], 1.0);
      EXPECT_LT(eval["energy_rel"], 1.0);  // the activation memory's
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
  EXPECT_GT(safe["energy_saving_total_pct"], 0.0);
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

TEST_F(Supply, AScaledMemoryWithoutFaultsIsRemarkedOnAndListedAsNotModelled) {
  const struct {
    const char *line, *memories;
  } cases[] = {{"activations: {supply: scaled}", "a: activations on the scaled rail"},
               {"accumulators: {supply: scaled}", "a: accumulators on the scaled rail"},
               {"activations: {supply: scaled}\naccumulators: {supply: scaled}",
                "a: activations and accumulators on the scaled rail"}};
  for (const auto& c : cases) {
    accelerator(c.line);
    std::filesystem::remove_all(workplace_.folder() / "out");
    for (const std::string& err : {on("run", {"--voltage", "0.9"}).err,
                                   on("eval", {"--voltage", "0.9"}).err, sweep({}).err}) {
      EXPECT_NE(err.find(c.memories), std::string::npos) << err;
    }
    EXPECT_EQ(on("run", {"--voltage", "0.9", "--quiet"}).err, "");
  }
  accelerator("");
  const Outcome plain = on("run", {"--voltage", "0.9", "--json", "-"});
  EXPECT_EQ(plain.err.find("scaled rail"), std::string::npos) << plain.err;
  const Json not_modelled = plain.json()["not_modelled"];
  EXPECT_EQ(std::count(not_modelled.begin(), not_modelled.end(),
                       "faults of the activation memory and the accumulators"),
            1);
}

}  // namespace
}  // namespace brownout::end_to_end
