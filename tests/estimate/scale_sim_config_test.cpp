// SPDX-License-Identifier: Apache-2.0
// Configurations of SCALE-Sim: which figure becomes which key, and where a mistake is reported.
#include "sim/estimate/scale_sim_config.hpp"

#include <gtest/gtest.h>

#include <map>

#include "sim/base/error.hpp"
#include "sim/mapping/accelerator_yaml.hpp"

namespace brownout::estimate {
namespace {

constexpr char kConfig[] = BROWNOUT_SOURCE_DIR "/tests/estimate/scale_sim.cfg";

std::map<std::string, std::string> keys_of(const ScaleSimAccelerator& imported) {
  return {imported.values.begin(), imported.values.end()};
}

std::string with(const std::string& from, const std::string& to) {
  std::string text =
      "[general]\nrun_name = a\n[architecture_presets]\nArrayHeight: 8\nArrayWidth: 4\n"
      "IfmapSramSzkB: 64\nFilterSramSzkB: 50\nOfmapSramSzkB: 64\nDataflow: os\n";
  const std::size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return text.replace(at, from.size(), to);
}

std::string refusal(const std::string& text) {
  try {
    parse_scale_sim(text, "a.cfg");
  } catch (const InputError& error) {
    return error.what();
  }
  return "no error";
}

TEST(ScaleSimConfig, EveryFigureBecomesAKeyOrARemark) {
  const ScaleSimAccelerator imported = read_scale_sim(kConfig);
  EXPECT_EQ(keys_of(imported),
            (std::map<std::string, std::string>{{"name", "\"edge_tensor_unit\""},
                                                {"array.rows", "32"},
                                                {"array.columns", "32"},
                                                {"array.dataflow", "weight-stationary"},
                                                {"weights.kib", "256"},
                                                {"weights.array_rows", "512"},
                                                {"weights.residency", "streamed"},
                                                {"weights.words_per_cycle", "4"},
                                                {"activations.kib", "640"},
                                                {"dram.bytes_per_cycle", "10"},
                                                {"dma.bytes_per_cycle", "16"},
                                                {"vector.lanes", "32"}}));
  ASSERT_EQ(imported.figures.size(), 13u);
  EXPECT_EQ(imported.figures[1].place, std::string(kConfig) + ":6");
  EXPECT_EQ(imported.figures[1].becomes, "array.rows: 32");
  EXPECT_EQ(imported.figures[6].key, "IfmapOffset");
  EXPECT_EQ(imported.figures[6].becomes, "");
  EXPECT_NE(imported.figures[6].remark.find("ignored"), std::string::npos);
  EXPECT_EQ(imported.assumed.size(), 4u);
}

TEST(ScaleSimConfig, TheKeysLoadAsAnAccelerator) {
  const ScaleSimAccelerator imported = read_scale_sim(kConfig);
  const mapping::AcceleratorConfig config =
      mapping::parse_accelerator("name: a\ntechnology: 14nm-finfet\n", "/nowhere/a.yaml",
                                 mapping::accelerator_assignments(imported.values));
  EXPECT_EQ(config.name, "edge_tensor_unit");
  EXPECT_EQ(config.array.rows, 32);
  EXPECT_EQ(config.weights.arrays, 64);
  EXPECT_EQ(config.weights.residency, mapping::WeightResidency::kStreamed);
  EXPECT_EQ(config.activations.kib, 640);
  EXPECT_EQ(config.dram.bytes_per_cycle, 10.0);
}

TEST(ScaleSimConfig, ASizeThatIsNoMultipleOfFourHasShorterArrays) {
  const auto keys = keys_of(parse_scale_sim(with("Dataflow: os", "Dataflow = WS"), "a.cfg"));
  EXPECT_EQ(keys.at("weights.kib"), "50");
  EXPECT_EQ(keys.at("weights.array_rows"), "256");
  EXPECT_EQ(keys.count("dram.bytes_per_cycle"), 0u);
}

TEST(ScaleSimConfig, TheFirstVersionQuotesNamesAndLeavesOutUnits) {
  const auto keys = keys_of(parse_scale_sim(
      "[general]\r\nrun_name = \"eye\"\r\n[architecture_presets]\r\nArrayHeight: 12\r\n"
      "ArrayWidth: 14\nIfmapSramSz: 108\nFilterSramSz: 96\nOfmapSramSz: 20\nDataflow:  os\n",
      "a.cfg"));
  EXPECT_EQ(keys.at("name"), "\"eye\"");
  EXPECT_EQ(keys.at("weights.kib"), "96");
  EXPECT_EQ(keys.at("activations.kib"), "128");
  EXPECT_EQ(keys.at("array.dataflow"), "output-stationary");
  EXPECT_EQ(keys.at("weights.words_per_cycle"), "1");
}

TEST(ScaleSimConfig, OtherSectionsMayUseAKeyAgain) {
  const ScaleSimAccelerator imported =
      parse_scale_sim(with("Dataflow: os",
                           "Dataflow: os\n[layout]\nBandwidth: 7\n[sparsity]\nSparsitySupport: "
                           "true\n"),
                      "a.cfg");
  EXPECT_EQ(keys_of(imported).count("dram.bytes_per_cycle"), 0u);
  EXPECT_NE(imported.figures.back().remark.find("every layer is dense"), std::string::npos);
  EXPECT_NE(refusal(with("Dataflow: os", "Dataflow: os\n[layout]\na: 1\nA: 2\n"))
                .find("a.cfg:12: A: given twice; the first is at a.cfg:11"),
            std::string::npos);
}

TEST(ScaleSimConfig, MistakesNameFileAndLine) {
  EXPECT_EQ(refusal(with("Dataflow: os", "Dataflow: is"))
                .find("a.cfg:9: Dataflow: expected ws or "
                      "os, got \"is\": our array holds"),
            0u);
  const struct {
    const char *from, *to, *expected;
  } cases[] = {
      {"Dataflow: os", "Dataflow: rs", "a.cfg:9: Dataflow: expected ws or os, got \"rs\""},
      {"ArrayHeight: 8", "ArrayHeight: 8.5",
       "a.cfg:4: ArrayHeight: expected an integer in [1, 4096], got \"8.5\""},
      {"ArrayHeight: 8", "ArrayHeight: 0", "expected an integer in [1, 4096], got \"0\""},
      {"ArrayHeight: 8", "ArrayHeight:", "a.cfg:4: ArrayHeight: expected a value"},
      {"ArrayHeight: 8", "ArrayHeigth: 8",
       "a.cfg:4: unknown key \"ArrayHeigth\"; did you mean "
       "\"ArrayHeight\"?"},
      {"ArrayHeight: 8", "ArrayHeight 8", "a.cfg:4: expected \"Key: value\", got"},
      {"ArrayHeight: 8", "ArrayWidth: 8",
       "a.cfg:5: ArrayWidth: given twice; the first is at a.cfg:4"},
      {"ArrayHeight: 8\n", "", "a.cfg: ArrayHeight: missing"},
      {"[general]", "[generel]", "a.cfg:1: unknown section \"generel\"; did you mean \"general\"?"},
      {"[general]", "[general", "a.cfg:1: expected [section]"},
      {"[general]\n", "", "a.cfg:1: expected a section, such as [general]"},
      {"[general]\nrun_name = a\n[architecture_presets]\n", "",
       "a.cfg:1: expected a section, such as [architecture_presets], before the first key"},
      {"[architecture_presets]\n", "",
       "a.cfg:3: ArrayHeight: expected it in section [architecture_presets], found it in "
       "[general]; the line [architecture_presets] is missing above it"},
      {"[architecture_presets]\nArrayHeight: 8\n", "IfmapSramSz: 8\n",
       "a.cfg:3: IfmapSramSz: expected it in section [architecture_presets]"},
      {"Dataflow: os", "Dataflow: os\nBandwidth: ten", "a.cfg:10: Bandwidth: expected an integer"},
  };
  for (const auto& c : cases) {
    const std::string found = refusal(with(c.from, c.to));
    EXPECT_NE(found.find(c.expected), std::string::npos) << found;
  }
  EXPECT_NE(refusal(std::string("[general]\0", 10)).find("binary data"), std::string::npos);
  EXPECT_NE(refusal("").find("run_name: missing"), std::string::npos);
}

}  // namespace
}  // namespace brownout::estimate
