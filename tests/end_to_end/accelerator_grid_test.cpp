// SPDX-License-Identifier: Apache-2.0
// A sweep over accelerator keys: the same numbers as one sweep for each combination.
#include <gtest/gtest.h>

#include <algorithm>
#include <sstream>

#include "tests/end_to_end/changed_sweep.hpp"
#include "tests/end_to_end/stored_rows.hpp"

namespace brownout::end_to_end {
namespace {

using Json = nlohmann::json;

class AcceleratorGrid : public ChangedSweep {
 protected:
  std::size_t stored_rows(const std::string& out) const {
    std::size_t count = 0;  // without what the accelerators themselves counted
    for (const KeptRow& row : kept_rows(workplace_.folder() / out)) {
      count += row.row.contains("counts") ? 0 : 1;
    }
    return count;
  }
};

constexpr char kGrid[] =
    "accelerator: edge-16x16\naccelerator_grid: {array.rows: [8, 16], weights.kib: [64, 128]}\n";

TEST_F(AcceleratorGrid, EveryCombinationHasTheNumbersOfASweepOfItsOwn) {
  const Json grid = finished(kGrid, "grid");
  ASSERT_EQ(grid["points"].size(), 32u);  // 4 accelerators x 2 networks x 4 voltages
  ASSERT_EQ(grid["accelerators"].size(), 4u);
  EXPECT_EQ(grid["accelerator"], "edge-16x16");
  std::size_t at = 0;
  int notes = 0;
  for (const char* rows : {"8", "16"}) {
    for (const char* kib : {"64", "128"}) {
      const std::string name =
          std::string("edge-16x16[array.rows=") + rows + ",weights.kib=" + kib + "]";
      ASSERT_EQ(
          workplace_
              .run(BROWNOUT_BINARY,
                   {"accelerator", "new", "own", "--from", "edge-16x16", "--weights-kib", kib,
                    "--set", std::string("array.rows=") + rows, "--out", "own.yaml", "--overwrite"})
              .code,
          0);
      const std::string out = std::string("own-") + rows + "-" + kib;
      const Json own = finished("accelerator: own.yaml\n", out);
      for (Json point : own["points"]) {
        EXPECT_EQ(point["accelerator"], "own");
        point["accelerator"] = name;
        EXPECT_EQ(grid["points"][at++], point) << name;
      }
      // What is said of the energies is said of each accelerator by itself.
      for (const Json& note : own["notes"]) {
        std::string text = note;
        const std::size_t there = text.find("on own,");
        const std::size_t begin = text.rfind("On own: ", 0) == 0 ? 3 : there + 3;
        if (begin != 3 && there == std::string::npos) continue;
        text.replace(begin, 3, name);
        EXPECT_EQ(std::count(grid["notes"].begin(), grid["notes"].end(), text), 1) << text;
        ++notes;
      }
      for (std::size_t i = 0; i < 2; ++i) {
        Json safe = own["safe_voltage"][i];
        safe["accelerator"] = name;
        EXPECT_EQ(grid["safe_voltage"][(at / 8 - 1) * 2 + i], safe);
      }
    }
  }
  EXPECT_EQ(at, 32u);
  EXPECT_GE(notes, 4);
}

TEST_F(AcceleratorGrid, ErrorsAreEvaluatedOnceAndTheSweepGoesOn) {
  finished("accelerator: edge-16x16\n", "one");
  const Json first = finished(kGrid, "grid");
  EXPECT_EQ(stored_rows("grid"), stored_rows("one"));
  EXPECT_EQ(first["points_computed"], 8);
  for (const Json& one : first["accelerators"]) {
    EXPECT_EQ(one["errors_of"], "edge-16x16[array.rows=8,weights.kib=64]");
  }
  const Json again = finished(kGrid, "grid");
  EXPECT_EQ(again["points_computed"], 0);
  EXPECT_EQ(again["points"], first["points"]);
  // Another grid is another sweep.
  EXPECT_EQ(sweep("accelerator: edge-16x16\naccelerator_grid: {array.rows: [8]}\n", "grid").code,
            2);
}

TEST_F(AcceleratorGrid, AcceleratorsThatPlaceWeightsElsewhereHaveErrorsOfTheirOwn) {
  const Json json = finished(
      "accelerator: ibm-14nm\naccelerator_grid: {array.columns: [8, 16], clock_mhz: [250, 500]}\n",
      "grid");
  ASSERT_EQ(json["accelerators"].size(), 4u);
  EXPECT_EQ(json["accelerators"][1]["errors_of"], json["accelerators"][0]["name"]);
  EXPECT_EQ(json["accelerators"][2]["errors_of"], json["accelerators"][2]["name"]);
  EXPECT_EQ(json["accelerators"][3]["errors_of"], json["accelerators"][2]["name"]);
  EXPECT_EQ(json["points_computed"], 16);
}

TEST_F(AcceleratorGrid, TablesNameTheAcceleratorOfEachRow) {
  const Json json = finished(kGrid, "grid");
  EXPECT_NE(text_.find("Errors on edge-16x16[array.rows=8,weights.kib=64],\n"), std::string::npos)
      << text_;
  EXPECT_NE(text_.find("Energy and latency on each accelerator"), std::string::npos) << text_;
  EXPECT_NE(text_.find("  edge-16x16[array.rows=16,weights.kib=128] "), std::string::npos) << text_;
  std::istringstream csv(read_file(workplace_.folder() / "grid/points.csv"));
  std::string line;
  ASSERT_TRUE(std::getline(csv, line));
  EXPECT_EQ(line.substr(line.rfind(',')), ",accelerator");
  ASSERT_TRUE(std::getline(csv, line));
  const std::string name = ",\"edge-16x16[array.rows=8,weights.kib=64]\"";
  EXPECT_EQ(line.substr(line.size() - name.size()), name) << line;
  // Energies compare over all accelerators.
  EXPECT_EQ(json["pareto_compares"], "all networks");
  for (const Json& leader : json["pareto_front"]) EXPECT_TRUE(leader["accelerator"].is_string());
}

TEST_F(AcceleratorGrid, MistakesNameTheirPlace) {
  const std::string edge = "accelerator: edge-16x16\n";
  expect_refused("accelerator_grid: {array.rows: [8]}\n", "accelerator_grid: needs an accelerator");
  expect_refused("accelerator: edge-16x6\n",
                 "accelerator: expected a file or the name of a "
                 "shipped accelerator, got \"edge-16x6\"; did you mean "
                 "\"edge-16x16\"?");
  expect_refused(edge + "accelerator_grid: {}\n", "accelerator_grid: expected keys of an accel");
  expect_refused(edge + "accelerator_grid: {array.row: [8]}\n", "did you mean \"rows\"?");
  expect_refused(edge + "accelerator_grid: {array.rows: 8}\n",
                 "accelerator_grid.array.rows: expected a list");
  expect_refused(edge + "accelerator_grid: {array.rows: [8, 8]}\n", "\"8\" is listed twice");
  expect_refused(edge + "accelerator_grid: {array.rows: [8, 0]}\n",
                 "sweep.yaml:11:19: accelerator_grid: array.rows=0: ");
  expect_refused("accelerator: dot-64x8\naccelerator_grid: {weights.kib: [32]}\n",
                 "accelerator_grid: weights.kib=32: ");
  expect_refused(edge + "accelerator_grid: {weights.mitigation: [secded]}\n",
                 "expected the sweep's own list mitigations");
  expect_refused(edge + "accelerator_grid: {dram.preset: [ddr4-3200, lpddr4-3300]}\n",
                 "did you mean \"lpddr4-3200\"?");
  expect_refused(edge + "accelerator_grid: {weights.kib: [4, 8]}\n",
                 "(on edge-16x16[weights.kib=4])");
  expect_refused(edge + "accelerator_grid: {weights.kib: [4, 8]}\n",
                 " in sweep.yaml:11:33: accelerator_grid.weights.kib, or set weights.residency: "
                 "streamed in ");
  expect_refused(edge + "accelerator_grid: {weights.kib: [4, 8]}\n", "raise weights.kib to 8 in");
  expect_refused(edge +
                     "accelerator_grid: {array.rows: [8], array.dataflow: [ws, os, "
                     "weight-stationary]}\n",
                 "sweep.yaml:11:19: accelerator_grid: edge-16x16[array.rows=8,array.dataflow=ws] "
                 "and edge-16x16[array.rows=8,array.dataflow=weight-stationary] are the same "
                 "accelerator; expected each once");
  expect_refused(edge +
                     "supplies: {activations: 0.9}\n"
                     "accelerator_grid: {activations.supply: [vmin, scaled]}\n",
                 "edge-16x16[activations.supply=vmin] and edge-16x16[activations.supply=scaled] "
                 "are the same accelerator");
  expect_refused(edge + "accelerator_grid: {weights.kib: [512], weights.arrays: [128]}\n",
                 "weights.kib: expected kib or arrays, got both; the other is at ");
  for (const std::string key : {"", ".rows", "array..rows", "array.", "a=b"}) {
    expect_refused(edge + "accelerator_grid: {\"" + key + "\": [8]}\n",
                   "sweep.yaml:11:19: accelerator_grid: expected keys of an accelerator file, such "
                   "as array.rows, got \"" +
                       key + "\"");
  }
}

}  // namespace
}  // namespace brownout::end_to_end
