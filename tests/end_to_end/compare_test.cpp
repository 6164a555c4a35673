// SPDX-License-Identifier: Apache-2.0
// `brownout compare` from the outside: it says of each network what `eval` says, and of each pair
// what the errors of the same chips say.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>

#include "sim/base/files.hpp"
#include "workplace.hpp"

namespace brownout::end_to_end {
namespace {

using Json = nlohmann::json;

class Compare : public testing::Test {
 protected:
  void SetUp() override {
    // The same network under another name differs nowhere; the third one is another network.
    std::filesystem::copy_file(workplace_.folder() / "tiny-rquant-8b.onnx",
                               workplace_.folder() / "copy.onnx");
  }
  Outcome run(std::vector<std::string> more) const {
    more.insert(more.begin(), "compare");
    return workplace_.run(BROWNOUT_BINARY, more);
  }
  Json compare(std::vector<std::string> more) const {
    more.insert(more.end(), {"--data", "data", "--json", "-"});
    const Outcome outcome = run(more);
    EXPECT_EQ(outcome.code, 0) << outcome.err;
    return outcome.json();
  }
  Workplace workplace_;
};

TEST_F(Compare, SaysOfEachNetworkWhatEvalSays) {
  const std::vector<std::string> where{"--rate", "0.02", "--chips", "3", "--seed", "5"};
  std::vector<std::string> both{"tiny-rquant-8b.onnx", "copy.onnx"};
  both.insert(both.end(), where.begin(), where.end());
  const Json json = compare(both);
  ASSERT_EQ(json["networks"].size(), 2u);
  std::vector<std::string> one{"eval", "tiny-rquant-8b.onnx", "--data", "data", "--json", "-"};
  one.insert(one.end(), where.begin(), where.end());
  Json eval = workplace_.run(BROWNOUT_BINARY, one).json();
  Json network = json["networks"][0];
  EXPECT_EQ(network["name"], "tiny-rquant-8b");
  network.erase("name");
  for (const char* clock : {"seconds", "images_per_s"}) {
    eval.erase(clock);
    network.erase(clock);
  }
  EXPECT_EQ(network, eval);
}

TEST_F(Compare, APairOfEqualNetworksIsNotDecidedAndItsIntervalHoldsNothingElse) {
  const Json json = compare({"tiny-rquant-8b.onnx", "copy.onnx", "--rate", "0.02", "--chips", "3"});
  const Json& pair = json["pairs"].at(0);
  EXPECT_EQ(pair["first"], "tiny-rquant-8b");
  EXPECT_EQ(pair["second"], "copy");
  EXPECT_EQ(pair["rerr"]["difference_points"], 0.0);
  EXPECT_EQ(pair["rerr"]["p_holm"], 1.0);
  EXPECT_EQ(pair["verdict"], "not-decided");
  EXPECT_LT(pair["rerr"]["ci95"][0], 0.0);
  EXPECT_GT(pair["rerr"]["ci95"][1], 0.0);
}

TEST_F(Compare, WithoutAnOperatingPointItComparesTheCleanErrors) {
  const Json json = compare({"tiny-rquant-8b.onnx", "copy.onnx"});
  EXPECT_TRUE(json["pairs"][0]["rerr"].is_null());
  EXPECT_EQ(json["pairs"][0]["clean"]["difference_points"], 0.0);
  EXPECT_TRUE(json["pairs"][0]["clean"]["p_holm"].is_number());
}

TEST_F(Compare, WritesASampleForEachNetworkAndChip) {
  const Json json = compare({"tiny-rquant-8b.onnx", "copy.onnx", "--rate", "0.02", "--chips", "3",
                             "--samples", "samples.csv"});
  const std::string csv = read_file(workplace_.folder() / "samples.csv");
  EXPECT_EQ(std::count(csv.begin(), csv.end(), '\n'), 1 + 2 * 3);
  const double error = json["networks"][1]["per_chip"][2]["rerr"];
  const std::string row = fmt::format(",0.02,random:2,,{},{},{},", Workplace::kImages,
                                      std::lround(error * Workplace::kImages / 100.0), error);
  EXPECT_NE(csv.find(row, csv.find("\ncopy,none,")), std::string::npos) << csv;
}

TEST_F(Compare, RefusesWhatCannotBeCompared) {
  const auto refused = [&](const std::vector<std::string>& words, const std::string& part) {
    const Outcome outcome = run(words);
    EXPECT_EQ(outcome.code, 2);
    EXPECT_NE(outcome.err.find(part), std::string::npos) << outcome.err;
  };
  refused({"copy.onnx"}, "MODELS: found one network; expected two or more to compare");
  refused({"copy.onnx", "./copy.onnx"},
          "MODELS: ./copy.onnx is given twice; expected different networks");
  refused({"copy.onnx", "missing.onnx", "--data", "data"}, "missing.onnx");
  // Every file is read before the first evaluation begins.
  const Outcome late = run({"copy.onnx", "missing.onnx", "--data", "data", "--rate", "0.01"});
  EXPECT_EQ(late.err.find("eval:"), std::string::npos) << late.err;
  refused({"copy.onnx", "tiny-rquant-8b.onnx", "--rate", "0.1", "--voltage", "0.9"},
          "--rate and --voltage: expected one of them, got both");
}

}  // namespace
}  // namespace brownout::end_to_end
