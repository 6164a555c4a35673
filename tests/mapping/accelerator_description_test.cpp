// SPDX-License-Identifier: Apache-2.0
// Sizes in KiB, both names of a dataflow, DRAM presets, and configurations written as files.
#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>

#include "sim/base/error.hpp"
#include "sim/base/shipped.hpp"
#include "sim/mapping/accelerator_config.hpp"
#include "sim/mapping/accelerator_yaml.hpp"
#include "sim/mapping/dataflow.hpp"
#include "sim/mapping/dram_preset.hpp"

namespace brownout::mapping {
namespace {

namespace fs = std::filesystem;

AcceleratorConfig parse(const std::string& text, const std::vector<std::string>& assignments = {}) {
  return parse_accelerator("name: a\ntechnology: 14nm-finfet\n" + text, "/nowhere/a.yaml",
                           assignments);
}

std::string refusal(const std::string& text) {
  try {
    parse(text);
  } catch (const InputError& error) {
    return error.what();
  }
  return "no error";
}

TEST(AcceleratorSizes, KibOfWeightsAreWholeArrays) {
  EXPECT_EQ(parse("weights: {kib: 512}\n").weights.arrays, 128);
  const AcceleratorConfig config = parse("weights: {kib: 25, array_rows: 100}\n");
  EXPECT_EQ(config.weights.arrays, 32);
  EXPECT_EQ(config.weights.array_rows, 100);
  EXPECT_EQ(resolved_json(parse("weights: {kib: 128}\n")),
            resolved_json(parse("weights: {arrays: 32, array_rows: 512}\n")));
}

TEST(AcceleratorSizes, OtherKibNameTheNearestSizes) {
  EXPECT_EQ(refusal("weights: {kib: 510}\n"),
            "/nowhere/a.yaml:3:16: weights.kib: expected whole arrays of 512 words of 64 bit, 508 "
            "or 512 KiB, got 510");
  EXPECT_EQ(refusal("weights: {kib: 3}\n"),
            "/nowhere/a.yaml:3:16: weights.kib: expected whole arrays of 512 words of 64 bit, 4 "
            "KiB, got 3");
  EXPECT_NE(refusal("weights: {kib: 30, array_rows: 100}\n").find("25 or 50 KiB, got 30"),
            std::string::npos);
  EXPECT_NE(refusal("weights: {kib: 0}\n").find("weights.kib: expected an integer in [1, "),
            std::string::npos);
  EXPECT_NE(refusal("weights: {kib: 33554432, array_rows: 65536}\n").find("2^32 - 1 words"),
            std::string::npos);
}

TEST(AcceleratorSizes, ASizeGivenTwiceNamesBothPlaces) {
  EXPECT_EQ(refusal("weights: {arrays: 128, kib: 512}\n"),
            "/nowhere/a.yaml:3:29: weights.kib: expected kib or arrays, got both; the other is at "
            "/nowhere/a.yaml:3:19: weights.arrays");
  EXPECT_EQ(refusal("accumulators: {kib: 8, depth: 4}\n"),
            "/nowhere/a.yaml:3:21: accumulators.kib: expected kib or depth, got both; the other is "
            "at /nowhere/a.yaml:3:31: accumulators.depth");
}

TEST(AcceleratorSizes, KibOfAccumulatorsAreTheRowsThatFit) {
  // Two halves of rows of 17 words of 4 bytes: 136 bytes a row.
  EXPECT_EQ(parse("accumulators: {kib: 17}\n").accumulators.depth, 128);
  EXPECT_EQ(parse("accumulators: {kib: 18}\n").accumulators.depth, 135);
  EXPECT_EQ(parse("array: {columns: 31}\naccumulators: {kib: 1}\n").accumulators.depth, 4);
  EXPECT_NE(refusal("array: {columns: 256}\naccumulators: {kib: 2}\n")
                .find("accumulators.kib: expected room for 1 to 16777216 rows of 257 x 32 bit in "
                      "each half, 2056 bytes a row, got 2048 bytes"),
            std::string::npos);
}

TEST(Dataflows, HaveTwoNames) {
  for (const char* text : {"ws", "weight-stationary"}) {
    EXPECT_EQ(parse_dataflow(text), Stationary::kWeights);
    EXPECT_EQ(resolved_json(parse(std::string("array: {dataflow: ") + text + "}\n")),
              resolved_json(parse("")));
  }
  for (const char* text : {"os", "output-stationary"}) {
    EXPECT_EQ(parse_dataflow(text), Stationary::kOutputs);
    EXPECT_EQ(to_string(parse(std::string("array: {dataflow: ") + text + "}\n").array.dataflow),
              "output-stationary");
  }
  EXPECT_EQ(parse_dataflow("is"), Stationary::kInputs);
  EXPECT_EQ(parse_dataflow("input-stationary"), Stationary::kInputs);
  EXPECT_EQ(parse_dataflow("WS"), std::nullopt);
  EXPECT_NE(refusal("array: {dataflow: is}\n").find("an input-stationary array is not modelled"),
            std::string::npos);
}

TEST(DramPresets, GiveFiguresAtTheClock) {
  const DramConfig dram = parse("dram: {preset: lpddr5-6400}\n").dram;
  EXPECT_EQ(dram.preset, "lpddr5-6400");
  EXPECT_EQ(dram.bytes_per_cycle, 25.6);  // 12.8 GB/s at 500 MHz
  EXPECT_EQ(dram.latency_cycles, 45);     // 90 ns
  EXPECT_EQ(dram.pj_per_bit, 6.4);
  const DramConfig slow = parse("clock_mhz: 250\ndram: {preset: lpddr5-6400}\n").dram;
  EXPECT_EQ(slow.bytes_per_cycle, 51.2);
  EXPECT_EQ(slow.latency_cycles, 23);  // 22.5, rounded up
}

TEST(DramPresets, KeysBesideThemReplaceSingleFigures) {
  const AcceleratorConfig config =
      parse("dram: {preset: hbm2-2000, latency_cycles: 7, pj_per_bit: 4.5}\n");
  EXPECT_EQ(config.dram.bytes_per_cycle, 512.0);
  EXPECT_EQ(config.dram.latency_cycles, 7);
  EXPECT_EQ(config.dram.pj_per_bit, 4.5);
  EXPECT_NE(resolved_json(config).find(R"("dram":{"bytes_per_cycle":512.0,"latency_cycles":7,)"
                                       R"("pj_per_bit":4.5,"preset":"hbm2-2000"})"),
            std::string::npos);
  EXPECT_EQ(parse("").dram.pj_per_bit, std::nullopt);
  EXPECT_EQ(parse("dram: {pj_per_bit: 0}\n").dram.pj_per_bit, 0.0);
}

TEST(DramPresets, AWrongNameIsToldTheNearestOneAndAll) {
  EXPECT_EQ(refusal("dram: {preset: lpddr4-3300}\n"),
            "/nowhere/a.yaml:3:16: dram.preset: expected a file or the name of a shipped DRAM "
            "preset, got \"lpddr4-3300\"; did you mean \"lpddr4-3200\"? There are: ddr4-3200, "
            "hbm2-2000, lpddr4-3200, lpddr5-6400");
  EXPECT_NE(refusal("clock_mhz: 0.001\ndram: {preset: hbm2-2000}\n")
                .find("dram.preset: expected at most 1000000 cycles and 0.001 to 1000000 bytes a "
                      "cycle, got 1 and 256000000 at 0.001 MHz"),
            std::string::npos)
      << refusal("clock_mhz: 0.001\ndram: {preset: hbm2-2000}\n");
}

TEST(DramPresets, EveryShippedFigureHasASource) {
  const auto files = shipped_files(kShippedDrams);
  ASSERT_EQ(files.size(), 4u);
  for (const fs::path& file : files) {
    const DramPreset preset = load_dram_preset(file);
    EXPECT_EQ(preset.name, file.stem().string());
    EXPECT_EQ(parse("dram: {preset: " + preset.name + "}\n").dram.pj_per_bit,
              preset.energy_pj_per_bit.value);
  }
  const fs::path own =
      fs::path(testing::TempDir()) / ("dram-" + std::to_string(::getpid()) + ".yaml");
  std::ofstream(own) << "name: own\nbandwidth_gb_per_s: {value: 1, source: ' '}\n"
                        "latency_ns: {value: 1, source: a}\n"
                        "energy_pj_per_bit: {value: 1, source: a}\n";
  try {
    load_dram_preset(own);
    ADD_FAILURE();
  } catch (const InputError& error) {
    EXPECT_NE(std::string(error.what())
                  .find("bandwidth_gb_per_s.source: expected where the number "
                        "comes from"),
              std::string::npos)
        << error.what();
  }
  fs::remove(own);
}

TEST(AcceleratorYaml, ReadsBackAsTheSameConfiguration) {
  for (const fs::path& file : shipped_files(kShippedAccelerators)) {
    const AcceleratorConfig config = load_accelerator(file);
    const std::string text = accelerator_yaml(config, {"a remark"});
    EXPECT_EQ(resolved_json(parse_accelerator(text, "/nowhere/b.yaml")), resolved_json(config))
        << text;
    EXPECT_NE(text.find("technology: 14nm-finfet "), std::string::npos) << text;
  }
  const AcceleratorConfig odd = parse(
      "description: 'a \"b\" # c'\nweights: {arrays: 3, array_rows: 7, unused: 'on', mitigation: "
      "secded}\naccumulators: {kib: 3}\ndram: {preset: ddr4-3200, latency_cycles: 3}\n");
  const std::string text = accelerator_yaml(odd, {});
  EXPECT_EQ(resolved_json(parse_accelerator(text, "/nowhere/b.yaml")), resolved_json(odd)) << text;
  EXPECT_NE(text.find("dram: {preset: ddr4-3200, latency_cycles: 3}"), std::string::npos) << text;
}

TEST(AcceleratorAssignments, ReplaceWhatStatesTheSameSizeAnotherWay) {
  const std::vector<std::string> assignments = accelerator_assignments(
      {{"weights.kib", "128"}, {"dram.preset", "ddr4-3200"}, {"dram.latency_cycles", "9"}});
  EXPECT_EQ(assignments,
            (std::vector<std::string>{"weights.arrays=null", "dram.bytes_per_cycle=null",
                                      "dram.pj_per_bit=null", "weights.kib=128",
                                      "dram.preset=ddr4-3200", "dram.latency_cycles=9"}));
  const AcceleratorConfig config =
      parse("weights: {arrays: 4}\ndram: {bytes_per_cycle: 1}\n", assignments);
  EXPECT_EQ(config.weights.arrays, 32);
  EXPECT_EQ(config.dram.bytes_per_cycle, 51.2);
  EXPECT_EQ(config.dram.latency_cycles, 9);
}

}  // namespace
}  // namespace brownout::mapping
