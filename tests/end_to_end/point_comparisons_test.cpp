// SPDX-License-Identifier: Apache-2.0
// `compare:` of a sweep file: differences of its points, as `brownout compare` computes them.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/end_to_end/changed_sweep.hpp"

namespace brownout::end_to_end {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

using PointComparisons = ChangedSweep;

TEST_F(PointComparisons, NetworksAreComparedAsTheVerbDoes) {
  const Json json = finished("compare: {networks: all}\n", "out");
  ASSERT_EQ(json["differences"].size(), 4u);  // two networks at four voltages
  for (const Json& difference : json["differences"]) {
    const double voltage = difference["first"]["voltage"];
    EXPECT_EQ(difference["second"]["voltage"], voltage);
    EXPECT_EQ(difference["first"]["model"], "tiny-rquant-8b");
    EXPECT_EQ(difference["second"]["model"], "tiny-uniform-4b");
    EXPECT_EQ(difference["population"], "other chips and other images");
    const Json compared =
        workplace_
            .run(BROWNOUT_BINARY, {"compare", "tiny-rquant-8b.onnx", "tiny-uniform-4b.onnx",
                                   "--voltage", fmt::format("{}", voltage), "--technology",
                                   BROWNOUT_SOURCE_DIR "/profiles/14nm-finfet.yaml", "--chips", "4",
                                   "--images", "200", "--data", "data", "--json", "-"})
            .json();
    const Json& pair = compared["pairs"].at(0)["rerr"];
    for (const char* field :
         {"difference_points", "ci95", "standard_error", "images_standard_error", "chips", "p"}) {
      EXPECT_EQ(difference[field], pair[field]) << field << " at " << voltage;
    }
    // Adjusted for all of the sweep.
    EXPECT_GE(difference["p_holm"], difference["p"]);
  }
  EXPECT_NE(text_.find("rquant-8b at 1.0000"), std::string::npos) << text_;
}

TEST_F(PointComparisons, ABaselineIsComparedWithAllOthersOfItsList) {
  const Json json = finished(
      "mitigations: [none, parity]\n"
      "compare: {voltages: 1, mitigations: none}\n",
      "out");
  // Mitigations: 2 networks at 4 voltages. Voltages: 2 networks with 2 mitigations at 3 voltages.
  ASSERT_EQ(json["differences"].size(), 8u + 12u);
  std::size_t mitigations = 0;
  for (const Json& difference : json["differences"]) {
    const Json& first = difference["first"];
    const Json& second = difference["second"];
    EXPECT_EQ(first["model"], second["model"]);
    if (first["voltage"] == second["voltage"]) {
      ++mitigations;
      EXPECT_NE(first["mitigation"], "none");
      EXPECT_EQ(second["mitigation"], "none");
    } else {
      EXPECT_EQ(first["mitigation"], second["mitigation"]);
      EXPECT_EQ(second["voltage"], 1.0);
    }
    // The difference of the means that the points themselves show.
    double means[2] = {-1.0, -1.0};
    for (const Json& point : json["points"]) {
      for (const std::size_t i : {0u, 1u}) {
        const Json& one = i == 0 ? first : second;
        if (point["model"] == one["model"] && point["mitigation"] == one["mitigation"] &&
            point["voltage"] == one["voltage"]) {
          means[i] = point["rerr_mean"];
        }
      }
    }
    EXPECT_NEAR(difference["difference_points"].get<double>(), means[0] - means[1], 1e-9);
  }
  EXPECT_EQ(mitigations, 8u);
}

TEST_F(PointComparisons, TheKeyCanBeAddedAndTakenAwayAndNothingRunsAgain) {
  const Json without = finished("", "out");
  EXPECT_FALSE(without.contains("differences"));
  EXPECT_FALSE(fs::exists(workplace_.folder() / "out" / "differences.csv"));
  const Json with = finished("compare: {networks: tiny-uniform-4b}\n", "out");
  EXPECT_EQ(with["points_computed"], 0);
  EXPECT_EQ(with["differences"].size(), 4u);
  const std::string table = read_file(workplace_.folder() / "out" / "differences.csv");
  EXPECT_EQ(std::count(table.begin(), table.end(), '\n'), 5);
  finished("", "out");
  EXPECT_FALSE(fs::exists(workplace_.folder() / "out" / "differences.csv"));
}

TEST_F(PointComparisons, ALevelMayBeNamedAsTablesShowIt) {
  const Json json = finished("compare: {voltages: 0.8333}\n", "out");
  ASSERT_EQ(json["differences"].size(), 6u);
  for (const Json& difference : json["differences"]) {
    EXPECT_NEAR(difference["second"]["voltage"].get<double>(), 5.0 / 6.0, 1e-12);
  }
}

TEST_F(PointComparisons, EveryIntervalSaysWhichChipsAndImagesItIsFor) {
  const std::size_t chips = plain_.find("chips: 4");
  plain_.replace(chips, 8, "chips: 1");
  const std::size_t safe = plain_.find("safe_voltage");
  plain_ = plain_.substr(0, safe) + "safe_voltage: {yield: mean, stated_on: 2}\n";
  const Json populations = finished("", "out")["populations"];
  EXPECT_TRUE(populations["points"]["rerr_ci95"].is_null());
  EXPECT_EQ(populations["points"]["rerr_ci95_all"], "these chips, all images");
  EXPECT_EQ(populations["extra_points"]["rerr_ci95"], "all chips, these images");
  EXPECT_EQ(populations["extra_points"]["rerr_ci95_all"], "all chips, all images");
}

TEST_F(PointComparisons, RatesAreComparedLikeVoltages) {
  const std::size_t grid = plain_.find("voltage_grid");
  plain_ = plain_.substr(0, grid) + "rates: [0.01, 0.05]\n";
  const Json json = finished("compare: {rates: 0.01, networks: all}\n", "out");
  ASSERT_EQ(json["differences"].size(), 2u + 2u);
  for (const Json& difference : json["differences"]) {
    EXPECT_TRUE(difference["first"]["voltage"].is_null());
    const bool networks = difference["first"]["rate"] == difference["second"]["rate"];
    if (!networks) {
      EXPECT_EQ(difference["first"]["rate"], 0.05);
      EXPECT_EQ(difference["second"]["rate"], 0.01);
    }
  }
  EXPECT_NE(text_.find("rquant-8b at 5 % bit errors"), std::string::npos) << text_;
  expect_refused("compare: {voltages: all}\n", "voltages");
}

TEST_F(PointComparisons, AcceleratorsThatShareTheirErrorsAreComparedOnce) {
  const Json json = finished(
      "accelerator: edge-16x16\naccelerator_grid: {clock_mhz: [100, 200]}\n"
      "compare: {networks: all}\n",
      "out");
  EXPECT_EQ(json["points"].size(), 16u);
  ASSERT_EQ(json["differences"].size(), 4u);
  for (const Json& difference : json["differences"]) {
    EXPECT_EQ(difference["first"]["accelerator"], json["accelerators"][0]["name"]);
  }
}

TEST_F(PointComparisons, WhatTheSweepHasNotIsRefused) {
  expect_refused("compare: {networks: other}\n",
                 "compare.networks: expected all, or one that the sweep has (tiny-rquant-8b, "
                 "tiny-uniform-4b), got \"other\"");
  expect_refused("compare: {voltages: 0.76}\n", "compare.voltages: expected all, or one that");
  expect_refused("compare: {mitigations: all}\n",
                 "compare.mitigations: there is nothing to compare");
  expect_refused("compare: {}\n",
                 "compare: expected at least one of networks, mitigations, voltages");
  expect_refused("compare: {network: all}\n", "network");
  expect_refused("compare: all\n", "compare");
}

}  // namespace
}  // namespace brownout::end_to_end
