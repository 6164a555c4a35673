// SPDX-License-Identifier: Apache-2.0
// `brownout model program` from the outside.
#include <gtest/gtest.h>

#include <map>
#include <sstream>

#include "workplace.hpp"

namespace brownout::end_to_end {
namespace {

using Json = nlohmann::json;

class ModelProgram : public testing::Test {
 protected:
  Outcome run(std::vector<std::string> more) const {
    std::vector<std::string> arguments{"model", "program", workplace_.network().string()};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return workplace_.run(BROWNOUT_BINARY, arguments);
  }
  static std::string shipped(const std::string& name) {
    return BROWNOUT_SOURCE_DIR "/configs/accelerators/" + name + ".yaml";
  }
  Workplace workplace_;
};

// The tiny network: a linear layer of 784 inputs and 10 outputs, 8 bit.
TEST_F(ModelProgram, GivesOneObjectWithThePromisedFields) {
  const Outcome outcome =
      run({"--accelerator", shipped("edge-16x16"), "--batch", "3", "--json", "-"});
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  const Json json = outcome.json();
  for (const char* field :
       {"model", "model_sha256", "accelerator", "accelerator_file", "configuration", "batch",
        "bit_offset", "layers", "closed_form_cycles", "utilization", "counts", "weight_words",
        "scratchpad_words", "scratchpad_words_used", "activation_bytes", "activation_bytes_used",
        "input_pixels", "values"}) {
    EXPECT_TRUE(json.contains(field)) << field;
  }
  EXPECT_EQ(json["accelerator"], "edge-16x16");
  EXPECT_EQ(json["counts"]["macs"], 3 * 7840);
  EXPECT_EQ(json["counts"]["dram_read_bytes"], 3 * 784);
  EXPECT_EQ(json["counts"]["dram_write_bytes"], 3 * 40);
  EXPECT_EQ(json["weight_words"], (7850 + 7) / 8);
  EXPECT_EQ(json["configuration"]["array"]["rows"], 16);
  const Json& linear = json["layers"].back();
  EXPECT_EQ(linear["tiles"], 49);  // 784 / 16
  EXPECT_EQ(linear["k"], 784);
  EXPECT_EQ(linear["strips"], 1);
  // Runs of 16 codes that begin at multiples of 8 bytes are 2 words; there are 10 channels. A load
  // takes 23 cycles, and the first load 2 more for the bias (10 codes: 2 words). The last tile
  // streams 3 pixels. Latency is 34, one walk takes 3 pixels, and the vector unit 8.
  EXPECT_EQ(linear["closed_form_cycles"], 25 + 48 * 23 + 3 + 34 + 3 + 8);
}

TEST_F(ModelProgram, ListsEveryCommandOfAStreamedNetwork) {
  const Outcome outcome = run({"--accelerator", shipped("ibm-14nm"), "--commands"});
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  std::map<std::string, int> kinds;
  std::vector<std::string> lines;
  std::istringstream text(outcome.out);
  for (std::string line; std::getline(text, line);) {
    ++kinds[line.substr(0, line.find(' '))];
    lines.push_back(line);
  }
  EXPECT_EQ(kinds["dma-in"], 2);  // pixels, one chunk of weights
  EXPECT_EQ(kinds["load"], 1 + 49);
  EXPECT_EQ(kinds["stream"], 49);
  EXPECT_EQ(kinds["drain"], 1);
  EXPECT_EQ(kinds["dma-out"], 1);
  ASSERT_FALSE(lines.empty());
  EXPECT_EQ(lines.front(), "dma-in   input 784 bytes -> activations 0");
  EXPECT_EQ(lines.back().substr(0, 24), "dma-out  logits 40 bytes");
}

TEST_F(ModelProgram, RefusesWhatItCannotUse) {
  const Outcome none = run({});
  EXPECT_EQ(none.code, 2);
  EXPECT_NE(none.err.find("--accelerator"), std::string::npos) << none.err;
  const Outcome missing = run({"--accelerator", "none.yaml"});
  EXPECT_EQ(missing.code, 2);
  EXPECT_NE(missing.err.find("none.yaml"), std::string::npos) << missing.err;
  const Outcome batch = run({"--accelerator", shipped("edge-16x16"), "--batch", "0"});
  EXPECT_EQ(batch.code, 2);
  EXPECT_NE(batch.err.find("--batch: expected an integer in [1, 65536]"), std::string::npos);
  const Outcome large = run({"--accelerator", shipped("edge-16x16"), "--batch", "1000"});
  EXPECT_EQ(large.code, 2);
  EXPECT_NE(large.err.find("raise activations.kib"), std::string::npos) << large.err;
  EXPECT_EQ(large.out, "");
}

}  // namespace
}  // namespace brownout::end_to_end
