// SPDX-License-Identifier: Apache-2.0
// Accelerator files: what they accept, where a mistake is reported, and the geometry of words.
#include "sim/mapping/accelerator_config.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>
#include <set>

#include "sim/base/error.hpp"

namespace brownout::mapping {
namespace {

namespace fs = std::filesystem;

class AcceleratorFile : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = fs::path(testing::TempDir()) / ("brownout-accelerator-" + std::to_string(::getpid()));
    fs::create_directories(folder_);
  }
  void TearDown() override { fs::remove_all(folder_); }

  AcceleratorConfig load(const std::string& text) {
    const fs::path file = folder_ / "a.yaml";
    std::ofstream(file) << base() << text;
    return load_accelerator(file);
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
    return "name: a\ntechnology: " BROWNOUT_SOURCE_DIR "/profiles/14nm-finfet.yaml\n";
  }

  fs::path folder_;
};

TEST_F(AcceleratorFile, ReadsEveryKey) {
  const AcceleratorConfig config = load(
      "description: d\nclock_mhz: 250\n"
      "array: {rows: 3, columns: 5, dataflow: output-stationary, transpose_depth: 7}\n"
      "weights: {arrays: 6, array_rows: 9, words_per_cycle: 3, residency: streamed, "
      "supply: vmin, unused: 'on', mitigation: 'spares=0x2+parity'}\n"
      "input: {supply: 0.875}\n"
      "activations: {kib: 3, banks: 6, supply: scaled}\n"
      "accumulators: {depth: 11, supply: scaled}\n"
      "vector: {lanes: 13, latency_cycles: 0}\n"
      "dma: {setup_cycles: 1, bytes_per_cycle: 2, burst_bytes: 40}\n"
      "dram: {latency_cycles: 4, bytes_per_cycle: 0.5}\n");
  EXPECT_EQ(
      resolved_json(config),
      R"({"accumulators":{"depth":11,"supply":"scaled"},)"
      R"("activations":{"banks":6,"kib":3,"supply":"scaled"},)"
      R"("array":{"columns":5,"dataflow":"output-stationary","rows":3,"transpose_depth":7},)"
      R"("clock_mhz":250.0,"description":"d",)"
      R"("dma":{"burst_bytes":40,"bytes_per_cycle":2,"setup_cycles":1},)"
      R"("dram":{"bytes_per_cycle":0.5,"latency_cycles":4},"input":{"supply":"0.875"},"name":"a",)"
      R"("technology":"14nm-finfet.yaml","vector":{"lanes":13,"latency_cycles":0},)"
      R"("weights":{"array_rows":9,"arrays":6,"mitigation":"parity+spares=0x2","residency":"streamed","supply":"vmin",)"
      R"("unused":"on","words_per_cycle":3}})");
  EXPECT_EQ(config.activations.bank_bytes(), 512);
}

TEST_F(AcceleratorFile, LeftOutSectionsHaveTheDefaultsOfTheHeader) {
  AcceleratorConfig expected;
  const AcceleratorConfig config = load("");
  expected.name = "a";
  expected.technology = config.technology;
  EXPECT_EQ(resolved_json(config), resolved_json(expected));
  EXPECT_EQ(config.array.rows, 16);
  EXPECT_EQ(config.weights.words(), 128 * 512);
  EXPECT_TRUE(config.weights.scaled_supply);
  EXPECT_EQ(config.weights.unused, UnusedArrays::kGated);
  EXPECT_FALSE(config.activations.supply.scaled);
  EXPECT_EQ(config.activations.supply.vmin, 1.0);
}

TEST_F(AcceleratorFile, AMemoryIsOnTheRailAtVminOrAtAVoltageOfItsOwn) {
  const AcceleratorConfig config =
      load("input: {supply: vmin}\nactivations: {supply: scaled}\naccumulators: {supply: 0.9}\n");
  EXPECT_EQ(config.input.supply.at(0.8), 1.0);
  EXPECT_EQ(config.activations.supply.at(0.8), 0.8);
  EXPECT_EQ(config.accumulators.supply.at(0.8), 0.9);
  for (const char* text : {"scaled", "vmin", "0.9"}) {
    EXPECT_EQ(to_string(parse_supply(text, "")), text);
  }
}

TEST_F(AcceleratorFile, MistakesNameTheirPlace) {
  const struct {
    const char *text, *expected;
  } cases[] = {
      {"array: {rows: 0}\n", "a.yaml:3:15: array.rows: expected an integer in [1, 4096]"},
      {"array: {rows: 2.5}\n", "array.rows: expected an integer"},
      {"array: {dataflow: input-stationary}\n", "weight-stationary, output-stationary"},
      {"array: {row: 4}\n", "did you mean \"rows\"?"},
      {"arrays: {rows: 4}\n", "did you mean \"array\"?"},
      {"weights: {arrays: 6, words_per_cycle: 4}\n",
       "weights.words_per_cycle: expected a divisor of the 6 arrays"},
      {"weights: {residency: cached}\n", "resident, streamed"},
      {"weights: {mitigation: ecc}\n", "weights.mitigation: \"ecc\": expected none, or parts"},
      {"weights: {mitigation: placement=none.json}\n",
       "weights.mitigation: expected a file of sensitivities, found none at"},
      {"weights: {arrays: 1048576, array_rows: 8192}\n", "expected at most 2^32 - 1 words"},
      {"activations: {kib: 1, banks: 3}\n", "activations.banks: expected a divisor of the 1024 by"},
      {"activations: {supply: low}\n",
       "a.yaml:3:23: activations.supply: expected scaled, vmin or a voltage in [0.1, 2] (units of "
       "Vmin), got \"low\""},
      {"accumulators: {supply: 0.8 V}\n", "accumulators.supply: expected scaled, vmin or a volt"},
      {"input: {supply: -0.8}\n", "input.supply: expected scaled, vmin or a voltage"},
      {"input: {supply: nan}\n", "input.supply: expected scaled, vmin or a voltage"},
      {"input: {supply: 2.5}\n", "input.supply: expected scaled, vmin or a voltage"},
      {"weights: {supply: 0.8}\n", "scaled, vmin"},
      {"weights: {unused: off}\n", "weights.unused: expected one of gated, on"},
      {"accumulators: {depth: 0}\n", "accumulators.depth: expected an integer in [1,"},
      {"vector: {lanes: 0}\n", "vector.lanes: expected an integer in [1,"},
      {"dma: {burst_bytes: 0}\n", "dma.burst_bytes: expected an integer in [8,"},
      {"dma: {burst_bytes: 12}\n",
       "a.yaml:3:20: dma.burst_bytes: expected a multiple of 8 bytes (bursts of weights are whole "
       "words of 64 bit), got 12"},
      {"dram: {bytes_per_cycle: 0}\n", "dram.bytes_per_cycle: expected a number in [0.001,"},
      {"clock_mhz: .nan\n", "clock_mhz: expected a"},
  };
  for (const auto& c : cases) {
    EXPECT_NE(message(c.text).find(c.expected), std::string::npos)
        << c.text << "gave: " << message(c.text);
  }
}

TEST_F(AcceleratorFile, ANameThatATerminalWouldObeyIsRefused) {
  const fs::path file = folder_ / "c.yaml";
  std::ofstream(file) << "name: \"a\\x1b[31m\"\ntechnology: " BROWNOUT_SOURCE_DIR
                         "/profiles/14nm-finfet.yaml\n";
  try {
    load_accelerator(file);
    FAIL();
  } catch (const InputError& error) {
    EXPECT_NE(std::string(error.what()).find("c.yaml:1:7: name: expected a name without control"),
              std::string::npos)
        << error.what();
  }
}

TEST_F(AcceleratorFile, AMissingTechnologyFileIsNamed) {
  const fs::path file = folder_ / "b.yaml";
  std::ofstream(file) << "name: b\ntechnology: nowhere.yaml\n";
  try {
    load_accelerator(file);
    FAIL();
  } catch (const InputError& error) {
    EXPECT_NE(std::string(error.what()).find("nowhere.yaml\""), std::string::npos) << error.what();
  }
}

TEST(AcceleratorFiles, ShippedOnesLoad) {
  std::set<std::string> names;
  for (const auto& entry : fs::directory_iterator(BROWNOUT_SOURCE_DIR "/configs/accelerators")) {
    names.insert(load_accelerator(entry.path()).name);
    EXPECT_EQ(names.count(entry.path().stem().string()), 1u) << entry.path();
  }
  EXPECT_GE(names.size(), 5u);
}

TEST(WeightMemory, SpreadsWordsOverTheArraysThatAreReadTogether) {
  WeightMemoryConfig weights;
  weights.arrays = 6;
  weights.array_rows = 4;
  weights.words_per_cycle = 2;
  // Words 0..7 fill arrays 0 and 1 row by row, words 8..15 arrays 2 and 3.
  EXPECT_EQ(weights.array_of(0), 0);
  EXPECT_EQ(weights.array_of(1), 1);
  EXPECT_EQ(weights.row_of(1), 0);
  EXPECT_EQ(weights.row_of(2), 1);
  EXPECT_EQ(weights.array_of(7), 1);
  EXPECT_EQ(weights.row_of(7), 3);
  EXPECT_EQ(weights.array_of(8), 2);
  EXPECT_EQ(weights.row_of(8), 0);
  std::set<std::pair<int, int>> cells;
  for (std::int64_t word = 0; word < weights.words(); ++word) {
    cells.insert({weights.array_of(word), weights.row_of(word)});
    EXPECT_LT(weights.array_of(word), weights.arrays);
    EXPECT_LT(weights.row_of(word), weights.array_rows);
  }
  EXPECT_EQ(cells.size(), 24u);
}

}  // namespace
}  // namespace brownout::mapping
