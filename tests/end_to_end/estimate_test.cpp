// SPDX-License-Identifier: Apache-2.0
// `brownout estimate` from the outside: its JSON, its report file, its refusals.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "sim/base/files.hpp"
#include "tests/estimate/scalesim_v2_rows.hpp"
#include "workplace.hpp"

namespace brownout::end_to_end {
namespace {

using Json = nlohmann::json;

constexpr char kReportHeader[] =
    "LayerID, Total Cycles, Stall Cycles, Overall Util %, Mapping Efficiency %, Compute Util %,\n";

constexpr char kTopology[] =
    "Layer name, IFMAP Height, IFMAP Width, Filter Height, Filter Width, Channels, Num Filter, "
    "Strides,\r\nConv2_1a, 56, 56, 3, 3, 64, 64, 1,\r\nFC, 1, 1, 1, 1, 512, 1000, 1,\r\n";

class Estimate : public testing::Test {
 protected:
  Outcome estimate(std::vector<std::string> more) const {
    more.insert(more.begin(), "estimate");
    return workplace_.run(BROWNOUT_BINARY, more);
  }
  /// Expects exit 2, one line with all `parts`, and no new file.
  void refuse(const std::vector<std::string>& arguments, const std::vector<std::string>& parts) {
    const std::vector<std::string> before = workplace_.listing();
    const Outcome outcome = estimate(arguments);
    EXPECT_EQ(outcome.code, 2) << outcome.err;
    EXPECT_EQ(outcome.out, "");
    EXPECT_EQ(std::count(outcome.err.begin(), outcome.err.end(), '\n'), 1) << outcome.err;
    for (const std::string& part : parts)
      EXPECT_NE(outcome.err.find(part), std::string::npos) << part << ": " << outcome.err;
    EXPECT_EQ(workplace_.listing(), before);
  }
  Workplace workplace_;
};

TEST_F(Estimate, GivesScaleSimsIntegersAndItsReport) {
  workplace_.write("t.csv", kTopology);
  const Outcome outcome =
      estimate({"--topology", "t.csv", "--array", "32x32", "--dataflow", "ws", "--convention",
                "scalesim-v2", "--json", "-", "--compute-report", "COMPUTE_REPORT.csv"});
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  const Json json = outcome.json();
  EXPECT_EQ(json["array"], "32x32");
  EXPECT_EQ(json["dataflow"], "ws");
  EXPECT_EQ(json["convention"], "scalesim-v2");
  ASSERT_EQ(json["layers"].size(), 2u);
  EXPECT_EQ(json["layers"][0]["name"], "Conv2_1a");
  EXPECT_EQ(json["layers"][0]["cycles"], 108359);
  EXPECT_EQ(json["layers"][0]["folds"], 36);
  EXPECT_EQ(json["layers"][0]["macs"], 107495424);
  EXPECT_EQ(json["layers"][0]["mapping_efficiency"], 1.0);
  EXPECT_NEAR(json["layers"][0]["utilization"], 107495424.0 / (108359.0 * 1024), 1e-12);
  EXPECT_EQ(json["layers"][1]["cycles"], 48639);
  EXPECT_EQ(json["total_cycles"], 108359 + 48639);
  EXPECT_NE(outcome.err.find("Conv2_1a"), std::string::npos) << "the table goes to stderr";

  const std::string report = read_file(workplace_.folder() / "COMPUTE_REPORT.csv");
  EXPECT_EQ(report, kReportHeader +
                        std::string("0, 108359, 0, 96.87797045007798, 100.0, 95.8895100295955,\n"
                                    "1, 48639, 0, 1.0279816608071712, 97.65625, "
                                    "0.7750496031746006,\n"));
}

TEST_F(Estimate, WritesTheReportsOfScaleSimToTheLastByte) {
  for (const estimate::ScaleSimV2Row& row : estimate::kScaleSimV2Rows) {
    SCOPED_TRACE(fmt::format("{} {}x{} {}", row.dataflow, row.rows, row.columns, row.topology));
    workplace_.write("t.csv", row.topology + std::string("\n"));
    const Outcome outcome =
        estimate({"--topology", "t.csv", "--array", fmt::format("{}x{}", row.rows, row.columns),
                  "--dataflow", row.dataflow, "--convention", "scalesim-v2", "--quiet",
                  "--compute-report", "r.csv", "--overwrite"});
    ASSERT_EQ(outcome.code, 0) << outcome.err;
    EXPECT_EQ(read_file(workplace_.folder() / "r.csv"),
              kReportHeader + fmt::format("0, {}\n", row.report));
  }
}

TEST_F(Estimate, TakesDepthwiseLayersApartAsScaleSimDoes) {
  workplace_.write("t.csv",
                   "Layer name, IFMAP Height, IFMAP Width, Filter Height, Filter Width, Channels, "
                   "Num Filter, Strides,\nConv_DP1, 9, 7, 3, 3, 3, 2, 2,\n"
                   "DPlain, 5, 5, 1, 1, 2, 6, 1,\n");
  const Outcome outcome =
      estimate({"--topology", "t.csv", "--array", "4x6", "--dataflow", "is", "--convention",
                "scalesim-v2", "--quiet", "--compute-report", "r.csv"});
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_EQ(
      read_file(workplace_.folder() / "r.csv"),
      kReportHeader +
          std::string("0, 83, 0, 10.843373493975903, 75.0, 7.894736842105261,\n"
                      "1, 83, 0, 10.843373493975903, 75.0, 7.894736842105261,\n"
                      "2, 83, 0, 10.843373493975903, 75.0, 7.894736842105261,\n"
                      "3, 89, 0, 7.022471910112359, 20.833333333333336, 5.434782608695652,\n"
                      "4, 89, 0, 7.022471910112359, 20.833333333333336, 5.434782608695652,\n"));
}

TEST_F(Estimate, ReadsNetworksInTheProjectsOwnConvention) {
  const Outcome outcome =
      estimate({workplace_.network().string(), "--array", "16x16", "--json", "-", "--quiet"});
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_EQ(outcome.err, "");
  const Json json = outcome.json();
  EXPECT_EQ(json["convention"], "physical");
  ASSERT_EQ(json["layers"].size(), 1u);
  EXPECT_EQ(json["layers"][0]["macs"], 7840);
  EXPECT_EQ(json["layers"][0]["folds"], 49);
  // 49 loads of 10 runs of 2 words, with 3 stages each. The last tile streams 1 vector. The array
  // adds 16 + 16 + 2, the vector unit 1 row and 8.
  EXPECT_EQ(json["layers"][0]["cycles"], 49 * (10 * 2 + 3) + 1 + 34 + 1 + 8);
}

TEST_F(Estimate, TakesBothNamesOfADataflow) {
  for (const auto& [brief, full] :
       {std::pair("ws", "weight-stationary"), std::pair("os", "output-stationary")}) {
    const auto of = [&, model = workplace_.network().string()](const char* name) {
      return estimate({model, "--array", "16x16", "--dataflow", name, "--json", "-", "--quiet"});
    };
    EXPECT_EQ(of(full).json(), of(brief).json());
    EXPECT_EQ(of(full).json()["dataflow"], brief);
  }
}

TEST_F(Estimate, TakesTheBitsOfANetwork) {
  workplace_.write("a.yaml", "name: a\ntechnology: " BROWNOUT_SOURCE_DIR
                             "/profiles/14nm-finfet.yaml\narray: {rows: 32, columns: 32}\n"
                             "weights: {arrays: 1024}\n");
  struct Case {
    const char* name;
    int bits;
    double left_out;  // share of the cycles: biases; second walks and parameters of norms
  };
  for (const Case& one :
       {Case{"fmnist-vgg3-ce-4b", 4, 0.001}, Case{"fmnist-simplenet16-randbet-4b", 4, 0.15},
        Case{"fmnist-simplenet16-randbet-8b", 8, 0.15}}) {
    SCOPED_TRACE(one.name);
    const std::string model = fmt::format(BROWNOUT_SOURCE_DIR "/models/{}.onnx", one.name);
    const Outcome outcome = estimate({model, "--array", "32x32", "--json", "-", "--quiet"});
    ASSERT_EQ(outcome.code, 0) << outcome.err;
    const Outcome program = workplace_.run(
        BROWNOUT_BINARY,
        {"model", "program", model, "--accelerator", "a.yaml", "--json", "-", "--quiet"});
    ASSERT_EQ(program.code, 0) << program.err;
    std::map<std::string, double> cycles;
    const Json compiled = program.json();
    for (const Json& layer : compiled["layers"]) {
      cycles[layer["name"]] = layer["closed_form_cycles"];
    }
    double total = 0.0;
    const Json json = outcome.json();
    for (const Json& layer : json["layers"]) {
      EXPECT_EQ(layer["bits"], one.bits);
      total += cycles.at(layer["name"]);
    }
    const double estimated = json["total_cycles"];
    EXPECT_LE(estimated, total);
    EXPECT_GT(estimated, total * (1.0 - one.left_out));
  }
}

TEST_F(Estimate, RefusesWrongInput) {
  workplace_.write("t.csv", kTopology);
  workplace_.write("bad.csv", "c, 5, 5, 6, 3, 1, 1, 1,\n");
  workplace_.write("empty.csv", "");
  const std::vector<std::string> file{"--topology", "t.csv"};
  const auto with = [&](std::vector<std::string> more) {
    more.insert(more.begin(), file.begin(), file.end());
    return more;
  };
  refuse({"--topology", "bad.csv", "--array", "8x8"},
         {"bad.csv:1: c: expected a filter height of at most the IFMAP's 5, got 6"});
  refuse({"--topology", "empty.csv", "--array", "8x8"}, {"empty.csv", "empty file"});
  refuse({"--topology", "none.csv", "--array", "8x8"}, {"none.csv"});
  refuse({"--array", "8x8"}, {"expected --topology FILE or MODEL, got neither"});
  refuse(with({workplace_.network().string(), "--array", "8x8"}), {"got both"});
  refuse(file, {"--array"});
  for (const char* array : {"8", "0x8", "8x0", "8x-1", "x", "8x8x8", "8.5x8", "99999999999x1"})
    refuse(with({"--array", array}), {"--array", array == std::string("8") ? "ROWSxCOLUMNS" : "["});
  refuse(with({"--array", "8x8", "--dataflow", "wss"}),
         {"--dataflow: expected one of ws, os, is", "did you mean \"ws\"?"});
  refuse(with({"--array", "8x8", "--convention", "scalesim"}),
         {"--convention: expected one of physical, scalesim-v2"});
  refuse(with({"--array", "8x8", "--dataflow", "is"}), {"expected ws or os with --convention"});
  refuse(with({"--array", "8x8", "--compute-report", "no/such/place.csv"}),
         {"--compute-report: ", "no/such"});
  refuse(with({"--array", "8x8", "--compute-report", "no/such/place.csv", "--json", "o.json"}),
         {"--compute-report: ", "no/such"});
  for (const char* json : {"x", "./x", "../x"}) {
    const std::string report = json == std::string("../x") ? json : "x";
    refuse(with({"--array", "8x8", "--compute-report", report, "--json", json}),
           {"--compute-report: " + report + ": expected a file of its own, found that of --json"});
  }
  refuse(with({"--array", "8x8", "--compute-report", "t.csv"}),
         {"--compute-report: t.csv: expected a file of its own, found the input t.csv"});
  refuse(with({"--array", "8x8", "--json", "./t.csv"}),
         {"--json: ./t.csv: expected a file of its own, found the input t.csv"});
  refuse(with({"--array", "8x8", "--compute-report", "-"}), {"--compute-report: expected a file"});
}

}  // namespace
}  // namespace brownout::end_to_end
