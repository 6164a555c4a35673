// SPDX-License-Identifier: Apache-2.0
// Mitigations from the outside: sweeps that compare them, sensitivities, selected cells, prices.
#include <gtest/gtest.h>

#include <algorithm>

#include "sim/base/files.hpp"
#include "tests/end_to_end/stored_rows.hpp"
#include "workplace.hpp"

namespace brownout::end_to_end {
namespace {

using Json = nlohmann::json;

constexpr int kWeights = 7840;  // codes of fc.weight, 8 bits each; fc.bias has 10

class Mitigation : public testing::Test {
 protected:
  Outcome run(std::vector<std::string> arguments) const {
    arguments.insert(arguments.end(), {"--quiet", "--json", "-"});
    return workplace_.run(BROWNOUT_BINARY, arguments);
  }
  Json finished(const std::vector<std::string>& arguments) const {
    const Outcome outcome = run(arguments);
    EXPECT_EQ(outcome.code, 0) << outcome.err;
    return outcome.code == 0 ? outcome.json() : Json();
  }
  Json eval(std::vector<std::string> more) const {
    std::vector<std::string> arguments{
        "eval", "tiny-rquant-8b.onnx", "--data", "data", "--images", "100", "--chips", "2"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return finished(arguments);
  }
  Outcome run_refused(std::vector<std::string> more) const {
    more.insert(more.begin(), {"eval", "tiny-rquant-8b.onnx", "--data", "data"});
    return run(more);
  }
  void write_sweep(const std::string& mitigations, const std::string& more = "") const {
    workplace_.write("m.yaml", "technology: " BROWNOUT_SOURCE_DIR
                               "/profiles/14nm-finfet.yaml\nmodels: [tiny-rquant-8b.onnx]\n"
                               "dataset: fashion-mnist\ndata_folder: data\nimages: 100\nchips: 3\n"
                               "voltages: [0.9, 0.8]\n"
                               "safe_voltage: {max_drop_points: 2.5, tolerance: 1, yield: mean, "
                               "stated_on: 1}\n"
                               "mitigations: " +
                                   mitigations + "\n" + more);
  }
  void measure() const {
    const Outcome outcome = workplace_.run(
        BROWNOUT_BINARY, {"sensitivity", "tiny-rquant-8b.onnx", "--rate", "0.05", "--chips", "2",
                          "--images", "100", "--data", "data", "--json", "s.json", "--quiet"});
    ASSERT_EQ(outcome.code, 0) << outcome.err;
  }
  Workplace workplace_;
};

TEST_F(Mitigation, ASweepComparesThemResumesAndRefusesAnotherList) {
  write_sweep("[none, msb=8]");
  const std::vector<std::string> sweep{"sweep", "m.yaml", "--out", "out", "--no-plot"};
  const Json json = finished(sweep);
  ASSERT_EQ(json["points"].size(), 4u);
  EXPECT_EQ(json["mitigations"], (Json{"none", "msb=8"}));
  EXPECT_EQ(json["points"][0]["mitigation"], "none");
  EXPECT_EQ(json["points"][3]["mitigation"], "msb=8");
  EXPECT_EQ(json["points"][3]["voltage"], 0.8);
  EXPECT_GT(json["points"][1]["bits_wrong_mean"], 0.0);
  // All bits are in safe cells: the network is clean, at a price.
  EXPECT_EQ(json["points"][3]["cells_hit_mean"], 0.0);
  EXPECT_EQ(json["points"][3]["rerr_mean"], json["points"][3]["err"]);
  EXPECT_DOUBLE_EQ(json["points"][3]["weight_area_rel"], 1 + 0.7 * 0.3);
  EXPECT_DOUBLE_EQ(json["points"][3]["energy_sram_rel"], 0.64 * 1.2);
  EXPECT_EQ(json["points"][1]["weight_area_rel"], 1.0);
  ASSERT_EQ(json["safe_voltage"].size(), 2u);
  EXPECT_EQ(json["safe_voltage"][1]["mitigation"], "msb=8");
  EXPECT_EQ(json["safe_voltage"][1]["voltage"], 0.8);

  // The last rows are lost, as after a kill, and are computed again.
  change_rows(workplace_.folder() / "out",
              "DELETE FROM results WHERE id > (SELECT max(id) * 2 / 3 FROM results)");
  const Json resumed = finished(sweep);
  EXPECT_GT(resumed["points_computed"], 0);
  EXPECT_LT(resumed["points_computed"], 4);
  EXPECT_EQ(resumed["points"], json["points"]);
  EXPECT_EQ(finished(sweep)["points_computed"], 0);

  write_sweep("[none, msb=7]");
  const Outcome refused = run(sweep);
  EXPECT_EQ(refused.code, 2);
  EXPECT_NE(refused.err.find("holds another sweep: mitigations.1 there is \"msb=8\", here "
                             "\"msb=7\""),
            std::string::npos)
      << refused.err;
}

TEST_F(Mitigation, TheOrderOfTheListDoesNotChangeNumbers) {
  write_sweep("[secded, none]");
  const Json a = finished({"sweep", "m.yaml", "--out", "a", "--no-plot"});
  write_sweep("[none, secded]");
  const Json b = finished({"sweep", "m.yaml", "--out", "b", "--no-plot"});
  for (const std::size_t v : {0u, 1u}) {
    EXPECT_EQ(a["points"][v], b["points"][2 + v]);
    EXPECT_EQ(a["points"][2 + v], b["points"][v]);
  }
}

TEST_F(Mitigation, SweepsAgreeWithEval) {
  measure();
  workplace_.write("a.yaml", "name: a\ntechnology: " BROWNOUT_SOURCE_DIR
                             "/profiles/14nm-finfet.yaml\nweights: {arrays: 8}\n");
  const std::vector<std::string> all{"none",
                                     "secded,on-error=zero",
                                     "parity",
                                     "interleaved-parity",
                                     "msb=2",
                                     "boost=0.04",
                                     "spares=8x2",
                                     "placement=s.json",
                                     "parity+msb=1+boost=0.02+spares=4x4+placement=s.json"};
  std::string list;
  for (const std::string& text : all) list += (list.empty() ? "['" : "', '") + text;
  for (const bool accelerator : {false, true}) {
    write_sweep(list + "']", accelerator ? "accelerator: a.yaml\n" : "");
    const Json swept =
        finished({"sweep", "m.yaml", "--out", accelerator ? "with" : "without", "--no-plot"});
    for (std::size_t k = 0; k < all.size(); ++k) {
      const Json& point = swept["points"][2 * k + 1];
      std::vector<std::string> more{"--voltage", "0.8", "--chips", "3", "--mitigation", all[k]};
      if (accelerator) more.insert(more.end(), {"--accelerator", "a.yaml"});
      std::vector<std::string> arguments{
          "eval", "tiny-rquant-8b.onnx", "--data", "data", "--images", "100"};
      arguments.insert(arguments.end(), more.begin(), more.end());
      const Json alone = finished(arguments);
      for (const char* field : {"mitigation", "voltage", "rerr_mean", "cells_hit_mean",
                                "bits_wrong_mean", "energy_sram_rel", "weight_area_rel"}) {
        EXPECT_EQ(point[field], alone[field]) << field << " of " << all[k];
      }
      if (all[k] == "placement=s.json") {
        EXPECT_GT(alone["per_chip"][0]["arrays_rotated"], 0);
      }
      if (!accelerator) continue;
      for (const char* field : {"cycles", "energy_uj", "energy_parts_uj", "energy_rel"}) {
        EXPECT_EQ(point[field], alone[field]) << field << " of " << all[k];
      }
      EXPECT_EQ(point["energy_parts_uj"]["mitigation"] == 0.0, all[k] == "none") << all[k];
      EXPECT_EQ(point["energy_parts_uj"]["weight_sram"],
                swept["points"][1]["energy_parts_uj"]["weight_sram"]);
    }
    // Each mitigation does something on these chips.
    const auto wrong = [&](std::size_t k) {
      return swept["points"][2 * k + 1]["bits_wrong_mean"].get<double>();
    };
    EXPECT_LT(wrong(4), wrong(0));
    EXPECT_LT(wrong(5), wrong(0));
    EXPECT_LT(wrong(6), wrong(0));
  }
}

TEST_F(Mitigation, RateIsThatOfTheAccess) {
  const Json plain = eval({"--voltage", "0.89"});
  const Json boosted = eval({"--voltage", "0.85", "--mitigation", "boost=0.04"});
  EXPECT_EQ(boosted["rate"], plain["rate"]);
  EXPECT_EQ(boosted["per_chip"][0]["logits_sha256"], plain["per_chip"][0]["logits_sha256"]);
  EXPECT_GT(boosted["energy_sram_rel"], eval({"--voltage", "0.85"})["energy_sram_rel"]);
  const Json run =
      finished({"run", "tiny-rquant-8b.onnx", "--data", "data", "--images", "4", "--accelerator",
                BROWNOUT_SOURCE_DIR "/configs/accelerators/edge-16x16.yaml", "--voltage", "0.85",
                "--mitigation", "boost=0.04"});
  EXPECT_EQ(run["rate"], plain["rate"]);
  // A map's own rate, not the technology's, and before any mitigation.
  const std::vector<std::string> map{"--chip", BROWNOUT_SOURCE_DIR "/profiles/chip2-synthetic.h5",
                                     "--voltage", "0.836"};
  const auto on_map = [&](const std::string& mitigation) {
    std::vector<std::string> arguments{"eval", "tiny-rquant-8b.onnx", "--data",  "data", "--images",
                                       "10",   "--mitigation",        mitigation};
    arguments.insert(arguments.end(), map.begin(), map.end());
    return finished(arguments);
  };
  const Json json = on_map("none");
  EXPECT_EQ(json["rate"], json["per_chip"][0]["cell_rate"]);
  EXPECT_NEAR(json["rate"], 0.0101, 0.003);
  EXPECT_EQ(on_map("msb=8")["rate"], json["rate"]);
  EXPECT_EQ(on_map("msb=8")["cells_hit_mean"], 0.0);

  const Outcome refused = run_refused({"--rate", "0.01", "--mitigation", "boost=0.1"});
  EXPECT_EQ(refused.code, 2);
  EXPECT_NE(refused.err.find("--voltage"), std::string::npos) << refused.err;
}

TEST_F(Mitigation, FreshReadsDrawForEveryImage) {
  const std::vector<std::string> weak{"--rate", "0.02", "--p-err", "0.5"};
  const auto with = [&](std::vector<std::string> more) {
    more.insert(more.end(), weak.begin(), weak.end());
    return eval(more);
  };
  const Json frozen = with({});
  const Json fresh = with({"--reads", "fresh"});
  EXPECT_EQ(frozen["reads"], "frozen");
  EXPECT_EQ(fresh["reads"], "fresh");
  const auto hash = [](const Json& json) { return json["per_chip"][0]["logits_sha256"]; };
  EXPECT_NE(hash(fresh), hash(frozen));
  EXPECT_EQ(hash(fresh), hash(with({"--reads", "fresh", "--threads", "2"})));
  EXPECT_NE(hash(fresh), hash(with({"--reads", "fresh", "--batch", "10"})));
  EXPECT_EQ(fresh["cells_hit_mean"], frozen["cells_hit_mean"]);
  // Cells that always fail have nothing to draw.
  EXPECT_EQ(hash(eval({"--rate", "0.02", "--reads", "fresh"})), hash(eval({"--rate", "0.02"})));

  write_sweep("[none]", "p_err: 0.5\nreads: fresh\n");
  const Json sweep = finished({"sweep", "m.yaml", "--out", "fresh", "--no-plot"});
  const Json same =
      finished({"eval", "tiny-rquant-8b.onnx", "--data", "data", "--images", "100", "--chips", "3",
                "--voltage", "0.8", "--p-err", "0.5", "--reads", "fresh"});
  EXPECT_EQ(sweep["points"][1]["rerr_mean"], same["rerr_mean"]);
}

TEST_F(Mitigation, PlacementsAreTiedToTheirNetwork) {
  measure();
  const Json file = Json::parse(read_file(workplace_.folder() / "s.json"));
  EXPECT_EQ(file["format"], "brownout.sensitivity");
  ASSERT_EQ(file["networks"].size(), 1u);
  const Json& network = file["networks"][0];
  ASSERT_EQ(network["tensors"].size(), 2u);
  ASSERT_EQ(network["bits"].size(), 8u);
  // Five percent of the cells fail, with 8 bits a code, in both directions alike.
  EXPECT_NEAR(network["tensors"][0]["bits_wrong_mean"].get<double>(), 0.05 * 8 * kWeights, 200);
  EXPECT_NEAR(network["bits"][7]["bits_wrong_mean"].get<double>(), 0.05 * (kWeights + 10), 80);
  EXPECT_GT(network["bits"][7]["rise_points"], network["bits"][0]["rise_points"]);

  const Outcome other = run({"eval", "tiny-uniform-4b.onnx", "--data", "data", "--rate", "0.1",
                             "--mitigation", "placement=s.json"});
  EXPECT_EQ(other.code, 2);
  EXPECT_NE(other.err.find("s.json: expected the network with sha256"), std::string::npos)
      << other.err;
  EXPECT_NE(other.err.find("found tiny-rquant-8b"), std::string::npos) << other.err;
}

TEST_F(Mitigation, OnlySelectedCellsFail) {
  const std::vector<std::string> at{"--rate", "0.05", "--cells"};
  const auto cells = [&](std::vector<std::string> more) {
    more.insert(more.end(), at.begin(), at.end());
    return eval(more)["per_chip"][0]["cells"].get<std::vector<std::uint64_t>>();
  };
  const std::vector<std::uint64_t> all = cells({});
  std::vector<std::uint64_t> bias, top;
  for (const std::uint64_t cell : all) {
    if (cell >= std::uint64_t{8 * kWeights}) bias.push_back(cell);
    if (cell % 8 >= 6) top.push_back(cell);
  }
  EXPECT_EQ(cells({"--only-tensors", "fc.bias"}), bias);
  EXPECT_EQ(cells({"--only-bits", "6-7"}), top);
  EXPECT_EQ(cells({"--only-layers", "fc"}), all);
  EXPECT_EQ(eval({"--rate", "0.05", "--only-bits", "7"})["only"]["bits"], (Json{7, 7}));
  EXPECT_TRUE(eval({"--rate", "0.05"})["only"].is_null());

  const Outcome unknown = run(
      {"eval", "tiny-rquant-8b.onnx", "--data", "data", "--rate", "0.1", "--only-tensors", "conv"});
  EXPECT_EQ(unknown.code, 2);
  EXPECT_NE(unknown.err.find("tensor \"conv\": expected one of fc.weight, fc.bias"),
            std::string::npos)
      << unknown.err;
}

TEST_F(Mitigation, StreamedWeightsHaveNoCellsOfTheirOwnToSelect) {
  workplace_.write("s.yaml", "name: s\ntechnology: " BROWNOUT_SOURCE_DIR
                             "/profiles/14nm-finfet.yaml\n"
                             "array: {columns: 4}\n"
                             "weights: {arrays: 1, array_rows: 1024, residency: streamed}\n");
  const Outcome outcome = run({"eval", "tiny-rquant-8b.onnx", "--data", "data", "--images", "10",
                               "--rate", "0.1", "--accelerator", "s.yaml", "--only-bits", "7"});
  EXPECT_EQ(outcome.code, 2);
  EXPECT_NE(outcome.err.find("holds several codes; expected a memory in which the network is "
                             "resident"),
            std::string::npos)
      << outcome.err;
}

TEST_F(Mitigation, WhatDoesNotFitIsRefusedBeforeAnyWork) {
  write_sweep("[none, msb=9]");
  EXPECT_EQ(run({"sweep", "m.yaml", "--out", "out"}).code, 2);
  write_sweep("[msb=1]", "bit_offset: 3\n");
  const Outcome shifted = run({"sweep", "m.yaml", "--out", "out"});
  EXPECT_EQ(shifted.code, 2);
  EXPECT_NE(shifted.err.find("multiples of 8 bits in the memory"), std::string::npos)
      << shifted.err;
  const Outcome rate = run({"eval", "tiny-rquant-8b.onnx", "--data", "data", "--rate", "0.4",
                            "--mitigation", "boost=0.04"});
  EXPECT_EQ(rate.code, 2);
  EXPECT_NE(rate.err.find("needs a supply to add to"), std::string::npos) << rate.err;
  const std::vector<std::string> listing = workplace_.listing();
  EXPECT_EQ(std::find(listing.begin(), listing.end(), (workplace_.folder() / "out").string()),
            listing.end());
}

}  // namespace
}  // namespace brownout::end_to_end
