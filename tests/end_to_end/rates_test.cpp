// SPDX-License-Identifier: Apache-2.0
// Sweeps over bit error rates: the errors that voltages and `eval` give, what is written, whoever
// computes it.
#include <gtest/gtest.h>

#include <algorithm>

#include "sim/base/files.hpp"
#include "tests/end_to_end/stored_rows.hpp"
#include "tests/end_to_end/workplace.hpp"

namespace brownout::end_to_end {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

constexpr char kBase[] =
    "models: [tiny-rquant-8b.onnx, tiny-uniform-4b.onnx]\n"
    "dataset: fashion-mnist\ndata_folder: data\nimages: 200\nchips: 4\n";
constexpr char kRates[] = "rates: [0.1, 0.001, 0.02]\n";

/// What the faults of a point decide.
Json errors_of(const Json& point) {
  Json errors;
  for (const char* field :
       {"model", "rate", "err", "rerr_mean", "rerr_std", "rerr_ci95", "rerr_se_images",
        "rerr_ci95_all", "rerr_either_mean", "confidence_mean", "confidence_std", "cells_hit_mean",
        "bits_wrong_mean", "codes_changed_mean", "chips", "images"}) {
    errors[field] = point.at(field);
  }
  return errors;
}

class Rates : public testing::Test {
 protected:
  Outcome brownout(const std::vector<std::string>& words) const {
    return workplace_.run(BROWNOUT_BINARY, words);
  }
  static std::vector<std::string> words(const std::string& out,
                                        const std::vector<std::string>& more = {}) {
    std::vector<std::string> all{"sweep", "rates.yaml", "--out", out, "--no-plot", "--json", "-"};
    all.insert(all.end(), more.begin(), more.end());
    return all;
  }
  /// Of a file that holds kBase and this.
  Json sweep(const std::string& rest, const std::string& out = "out") const {
    workplace_.write("rates.yaml", kBase + rest);
    const Outcome outcome = brownout(words(out));
    EXPECT_EQ(outcome.code, 0) << outcome.err;
    return outcome.json();
  }
  std::string file(const std::string& name) const { return read_file(workplace_.folder() / name); }
  void expect_refusal(const std::string& rest, const std::vector<std::string>& parts) const {
    workplace_.write("rates.yaml", kBase + rest);
    const Outcome outcome = brownout(words("refused"));
    EXPECT_EQ(outcome.code, 2) << rest << outcome.err;
    for (const std::string& part : parts) {
      EXPECT_NE(outcome.err.find(part), std::string::npos) << rest << outcome.err;
    }
    EXPECT_EQ(std::count(outcome.err.begin(), outcome.err.end(), '\n'), 1) << outcome.err;
    EXPECT_FALSE(fs::exists(workplace_.folder() / "refused"));
  }
  Workplace workplace_;
};

TEST_F(Rates, ThePointsRiseAndHaveNoVoltage) {
  const Json json = sweep(kRates);
  ASSERT_EQ(json["points"].size(), 6u);
  EXPECT_EQ(json["swept"], "rate");
  EXPECT_EQ(json["technology"], nullptr);
  for (std::size_t i = 0; i < 6; ++i) {
    const Json& point = json["points"][i];
    EXPECT_EQ(point["rate"], (std::vector<double>{0.001, 0.02, 0.1}[i % 3]));
    for (const char* field : {"voltage", "energy_sram_rel", "weight_area_rel"}) {
      EXPECT_EQ(point[field], nullptr) << field;
    }
    EXPECT_FALSE(point.contains("energy_uj"));
    if (i % 3 > 0) {
      EXPECT_GT(point["bits_wrong_mean"], json["points"][i - 1]["bits_wrong_mean"]);
    }
  }
  EXPECT_TRUE(json["safe_voltage"].empty());
  EXPECT_TRUE(json["extra_points"].empty());
  EXPECT_FALSE(json.contains("pareto_front"));
  ASSERT_EQ(json["best_per_rate"].size(), 3u);
  EXPECT_EQ(json["best_per_rate"][2]["rate"], 0.1);
  EXPECT_EQ(json["configuration"]["rates"], (std::vector<double>{0.001, 0.02, 0.1}));
  EXPECT_FALSE(fs::exists(workplace_.folder() / "out/safe_voltage.csv"));
  for (const char* name : {"out/points.csv", "out/samples.csv"}) {
    const std::string header = file(name).substr(0, file(name).find('\n'));
    EXPECT_EQ(header.find("voltage"), std::string::npos) << header;
    EXPECT_EQ(header.find("energy"), std::string::npos) << header;
    EXPECT_NE(header.find("rate"), std::string::npos) << header;
  }
}

TEST_F(Rates, TheTextHasNeitherVoltagesNorEnergies) {
  workplace_.write("rates.yaml", std::string(kBase) + kRates);
  const Outcome outcome = brownout({"sweep", "rates.yaml", "--out", "out", "--no-plot", "--quiet"});
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  for (const char* part : {"bit errors %", "lowest error", "0.1  ", "none  ", "It has no voltage",
                           "6 of 6 points computed in this run, "}) {
    EXPECT_NE(outcome.out.find(part), std::string::npos) << part << outcome.out;
  }
  for (const char* part : {"Vmin", "saved", "uJ", "Pareto", "Lowest voltage"}) {
    EXPECT_EQ(outcome.out.find(part), std::string::npos) << part << outcome.out;
  }
  EXPECT_EQ(brownout(words("out")).json()["points_computed"], 0);  // all is stored
}

TEST_F(Rates, AVoltageGivesTheErrorsOfItsRate) {
  const Outcome outcome =
      brownout({"sweep", "sweep.yaml", "--out", "voltages", "--json", "-", "--quiet", "--no-plot"});
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  const Json voltages = outcome.json()["points"];
  std::string list;
  for (std::size_t i = 0; i < 4; ++i) list += (i == 0 ? "" : ", ") + voltages[i]["rate"].dump();
  const Json rates = sweep("rates: [" + list + "]\n")["points"];
  ASSERT_EQ(rates.size(), voltages.size());
  for (std::size_t i = 0; i < rates.size(); ++i) {
    EXPECT_EQ(errors_of(rates[i]), errors_of(voltages[i]));
  }
  EXPECT_GT(rates[3]["rerr_mean"], rates[3]["err"]);
}

TEST_F(Rates, APointIsWhatEvalSaysAtThatRate) {
  const Json json =
      sweep("seed: 3\np_err: 0.5\nreads: fresh\nevaluation_seed: 2\n" + std::string(kRates));
  for (const Json& point : json["points"]) {
    const Json eval = brownout({"eval",
                                point["model"].get<std::string>() + ".onnx",
                                "--data",
                                "data",
                                "--images",
                                "200",
                                "--chips",
                                "4",
                                "--seed",
                                "3",
                                "--p-err",
                                "0.5",
                                "--reads",
                                "fresh",
                                "--evaluation-seed",
                                "2",
                                "--rate",
                                point["rate"].dump(),
                                "--json",
                                "-"})
                          .json();
    EXPECT_EQ(errors_of(point), errors_of(eval));
  }
}

TEST_F(Rates, OneProbabilityForEachStoredBitIsThatOfTheNamedChips) {
  for (const char* reads : {"frozen", "fresh"}) {
    const Json json = sweep(std::string("reads: ") + reads + "\np01: 0.5\np10: 0.25\n" + kRates,
                            std::string("out-") + reads);
    EXPECT_EQ(json["configuration"]["p01"], 0.5);
    EXPECT_EQ(json["configuration"]["p10"], 0.25);
    for (const Json& point : json["points"]) {
      std::vector<std::string> eval{"eval",     point["model"].get<std::string>() + ".onnx",
                                    "--data",   "data",
                                    "--images", "200",
                                    "--reads",  reads,
                                    "--json",   "-",
                                    "--rate",   point["rate"].dump()};
      for (const char* seed : {"0", "1", "2", "3"}) {
        eval.insert(eval.end(), {"--chip", std::string("random:") + seed + ",p01=0.5,p10=0.25"});
      }
      EXPECT_EQ(errors_of(point), errors_of(brownout(eval).json())) << reads;
    }
  }
  // One that never errs on a stored 1 reads fewer bits wrong, in the same cells.
  const Json both = sweep(kRates, "both")["points"][2];
  const Json ones = sweep("p10: 0\n" + std::string(kRates), "ones")["points"][2];
  EXPECT_EQ(ones["cells_hit_mean"], both["cells_hit_mean"]);
  EXPECT_LT(ones["bits_wrong_mean"], both["bits_wrong_mean"]);
  EXPECT_GT(ones["bits_wrong_mean"], 0.0);
  // Equal ones are p_err, with its rows.
  const Json equal = sweep("p01: 0.5\np10: 0.5\n" + std::string(kRates), "equal");
  EXPECT_EQ(equal["configuration"]["p_err"], 0.5);
}

TEST_F(Rates, OnAnAcceleratorOtherMemoriesHaveRatesAndPointsHaveCycles) {
  const Json json = sweep(
      "accelerator: edge-16x16\nbatch: 2\nmemory_rates: {activations: 0.003, input: 0.001}\n"
      "mitigations: [none, secded]\n" +
      std::string(kRates));
  ASSERT_EQ(json["points"].size(), 12u);
  for (const Json& point : json["points"]) {
    EXPECT_GT(point["cycles"], 0.0);
    EXPECT_GT(point["latency_ms"], 0.0);
    EXPECT_FALSE(point.contains("energy_uj"));
    EXPECT_FALSE(point["memories"]["weights"].contains("voltage"));
    EXPECT_EQ(point["memories"]["weights"]["rate"], point["rate"]);
    EXPECT_EQ(point["memories"]["activations"]["rate"], 0.003);
    EXPECT_EQ(point["memories"]["accumulators"]["rate"], 0.0);
    EXPECT_GT(point["memories"]["input"]["bits_wrong_mean"], 0.0);
    const Json eval = brownout({"eval",          point["model"].get<std::string>() + ".onnx",
                                "--data",        "data",
                                "--images",      "200",
                                "--chips",       "4",
                                "--accelerator", "edge-16x16",
                                "--batch",       "2",
                                "--memory-rate", "activations=0.003",
                                "--memory-rate", "input=0.001",
                                "--mitigation",  point["mitigation"],
                                "--rate",        point["rate"].dump(),
                                "--json",        "-"})
                          .json();
    EXPECT_EQ(errors_of(point), errors_of(eval));
    EXPECT_EQ(point["cycles"], eval["cycles"]);
  }
  EXPECT_EQ(json["accelerators"][0]["name"], "edge-16x16");
  EXPECT_EQ(json["configuration"]["memory_rates"]["activations"], 0.003);
  // Another rate of a memory is another sweep.
  workplace_.write("rates.yaml", std::string(kBase) + kRates +
                                     "accelerator: edge-16x16\nbatch: 2\n" +
                                     "memory_rates: {activations: 0.004, input: 0.001}\n");
  EXPECT_EQ(brownout(words("out")).code, 2);
}

TEST_F(Rates, ATechnologyGivesAreasAlone) {
  const std::string technology = "technology: " BROWNOUT_SOURCE_DIR
                                 "/profiles/14nm-finfet.yaml\nmitigations: [none, secded]\n";
  const Json with = sweep(technology + kRates, "with")["points"];
  const Json without =
      sweep("mitigations: [none, secded]\n" + std::string(kRates), "without")["points"];
  EXPECT_EQ(with[0]["weight_area_rel"], 1.0);
  EXPECT_GT(with[3]["weight_area_rel"], 1.0);
  EXPECT_EQ(without[3]["weight_area_rel"], nullptr);
  for (std::size_t i = 0; i < with.size(); ++i) {
    EXPECT_EQ(errors_of(with[i]), errors_of(without[i]));
    EXPECT_EQ(with[i]["voltage"], nullptr);
  }
}

TEST_F(Rates, ShardsAndRanksGiveTheSameBytes) {
  const std::string rest = "accelerator: edge-16x16\nmemory_rates: {activations: 0.003}\n";
  Json alone = without_timing(sweep(rest + kRates, "alone"));
  std::vector<std::string> merge{"merge", "merged"};
  for (const char* part : {"1/2", "2/2"}) {
    const std::string folder = std::string("part-") + part[0];
    ASSERT_EQ(brownout({"sweep", "rates.yaml", "--out", folder, "--shard", part}).code, 0);
    merge.push_back(folder);
  }
  merge.insert(merge.end(), {"--no-plot", "--json", "-"});
  const Outcome merged = brownout(merge);
  ASSERT_EQ(merged.code, 0) << merged.err;
  Json json = without_timing(merged.json());
  EXPECT_EQ(json["points_computed"], 0);
  json["points_computed"] = alone["points_computed"];
  EXPECT_EQ(json, alone);
  for (const char* table : {"points.csv", "samples.csv"}) {
    EXPECT_EQ(file(std::string("merged/") + table), file(std::string("alone/") + table));
  }
  if (std::string(BROWNOUT_MPIRUN).empty()) return;
  std::vector<std::string> ranks = words("ranks", {"--threads", "1"});
  ranks.insert(ranks.begin(), {"--oversubscribe", "-n", "2", BROWNOUT_BINARY});
  Surroundings surroundings;
  surroundings.environment = {"OMPI_ALLOW_RUN_AS_ROOT=1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1"};
  const Outcome two = workplace_.run(BROWNOUT_MPIRUN, ranks, surroundings);
  ASSERT_EQ(two.code, 0) << two.err;
  EXPECT_EQ(without_timing(two.json()), alone);
  for (const char* table : {"points.csv", "samples.csv"}) {
    EXPECT_EQ(file(std::string("ranks/") + table), file(std::string("alone/") + table));
  }
}

TEST_F(Rates, AnAcceleratorGridSharesErrorsOnlyWhereNoOtherMemoryFails) {
  const std::string grid =
      "accelerator: edge-16x16\naccelerator_grid: {array.rows: [8, 16]}\n" + std::string(kRates);
  const Json shared = sweep(grid, "shared");
  EXPECT_EQ(shared["accelerators"][1]["errors_of"], shared["accelerators"][0]["name"]);
  EXPECT_NE(shared["points"][0]["cycles"], shared["points"][6]["cycles"]);
  const Json apart = sweep(grid + "memory_rates: {accumulators: 0.001}\n", "apart");
  EXPECT_EQ(apart["accelerators"][1]["errors_of"], apart["accelerators"][1]["name"]);
  const Json scaled = sweep(grid + "supplies: {activations: scaled}\n", "scaled");
  EXPECT_EQ(scaled["accelerators"][1]["errors_of"], scaled["accelerators"][1]["name"]);
  EXPECT_EQ(scaled["points"][2]["memories"]["activations"]["rate"], 0.1);
}

TEST_F(Rates, AReportHasNoVoltagesAndDoesNotMixThem) {
  const std::string grid = "accelerator: edge-16x16\nmitigations: [none, secded]\n";
  sweep("rates: [0, 0.02, 0.1]\n" + grid);
  ASSERT_EQ(brownout({"report", "out", "--out", "page.html", "--figures", "figures"}).code, 0);
  const std::string page = file("page.html");
  const std::string open = "id=\"report-data\">";
  const std::size_t begin = page.find(open) + open.size();
  const Json data = Json::parse(page.substr(begin, page.find("</script>", begin) - begin));
  EXPECT_EQ(data["by_rate"], true);
  EXPECT_EQ(data["points"].size(), 12u);
  EXPECT_EQ(data["points"][1]["v"], nullptr);
  EXPECT_EQ(data["dies"]["rows"].size(), 48u);
  EXPECT_EQ(data["sweeps"][0]["faults"]["levels"], (std::vector<double>{0, 0.02, 0.1}));
  EXPECT_EQ(data["sweeps"][0]["faults"]["failing"][0], 0);
  const std::string body = page.substr(page.find("<header>"), page.find("</main>"));
  for (const char* part : {"V / Vmin</th>", "access saved", "id=\"safe\"", "id=\"front\"",
                           "id=\"prices\"", "id=\"energy\""}) {
    EXPECT_EQ(body.find(part), std::string::npos) << part;
  }
  for (const char* part : {"bit errors %", "id=\"faults\"", "at each bit error rate"}) {
    EXPECT_NE(body.find(part), std::string::npos) << part;
  }
  EXPECT_TRUE(fs::exists(workplace_.folder() / "figures/error-one-column.gp"));
  EXPECT_FALSE(fs::exists(workplace_.folder() / "figures/front-one-column.gp"));

  ASSERT_EQ(brownout({"sweep", "sweep.yaml", "--out", "voltages", "--quiet", "--no-plot"}).code, 0);
  const Outcome mixed = brownout({"report", "out", "voltages", "--out", "mixed.html"});
  EXPECT_EQ(mixed.code, 2);
  EXPECT_NE(mixed.err.find("out is a sweep over bit error rates, voltages over voltages"),
            std::string::npos)
      << mixed.err;
  EXPECT_FALSE(fs::exists(workplace_.folder() / "mixed.html"));
}

TEST_F(Rates, ThePlotHasALogarithmicAxisOfPercent) {
  workplace_.write("rates.yaml", std::string(kBase) + "rates: [0, 0.02, 0.1]\n");
  ASSERT_EQ(brownout({"sweep", "rates.yaml", "--out", "out", "--quiet"}).code, 0);
  const std::string program = file("out/sweep.gp"), data = file("out/sweep.dat");
  EXPECT_NE(program.find("set logscale xy"), std::string::npos);
  EXPECT_NE(program.find("bit error rate of the weight memory, %"), std::string::npos);
  EXPECT_NE(data.find("\n2 "), std::string::npos) << data;
  EXPECT_NE(data.find("\n10 "), std::string::npos) << data;
  EXPECT_EQ(data.find("\n0 "), std::string::npos) << data;
  workplace_.write("rates.yaml", std::string(kBase) + "rates: [0]\n");
  const Outcome nothing = brownout({"sweep", "rates.yaml", "--out", "zero"});
  EXPECT_EQ(nothing.code, 0);
  EXPECT_NE(nothing.err.find("no rate is above 0"), std::string::npos) << nothing.err;
}

TEST_F(Rates, WhatNeedsAVoltageIsRefusedByItsKey) {
  const std::string rates = kRates, accelerator = "accelerator: edge-16x16\n";
  expect_refusal(
      rates + "voltages: [0.9]\n",
      {"rates.yaml:6:8: rates: expected exactly one of voltages, voltage_grid and rates"});
  expect_refusal(rates + "voltage_grid: {from: 0.8, to: 0.9, points: 2}\n", {"exactly one of"});
  expect_refusal(rates + "safe_voltage: {tolerance: 0.1}\n", {"rates.yaml:7:15: safe_voltage: "});
  expect_refusal(rates + "profile: synthetic-14nm\n",
                 {"rates.yaml:7:10: profile: ", "fail by voltage"});
  expect_refusal(rates + "mitigations: [none, boost=0.04]\n",
                 {"mitigations: \"boost=0.04\" raises"});
  expect_refusal(rates + accelerator + "supplies: {activations: 0.9}\n",
                 {"supplies: the supply of activations is 0.9 Vmin", "memory_rates"});
  expect_refusal(rates + accelerator + "accelerator_grid: {weights.supply: [vmin, scaled]}\n",
                 {"accelerator: the weights of ", "stay at Vmin"});
  expect_refusal(rates + "memory_rates: {input: 0.1}\n", {"memory_rates: needs an accelerator"});
  expect_refusal(rates + accelerator + "memory_rates: {weights: 0.1}\n",
                 {"unknown key \"memory_rates.weights\""});
  expect_refusal(rates + accelerator + "memory_rates: {input: 2}\n",
                 {"memory_rates.input: expected a number in [0, 1]"});
  expect_refusal(rates + accelerator + "supplies: {input: scaled}\nmemory_rates: {input: 0.1}\n",
                 {"memory_rates.input: is among supplies as well"});
  expect_refusal(
      "technology: 14nm-finfet\nvoltages: [0.9]\n" + accelerator + "memory_rates: {input: 0.1}\n",
      {"memory_rates: is of a sweep over rates"});
}

TEST_F(Rates, RatesThatAreNoneAreRefused) {
  expect_refusal("rates: []\n", {"rates.yaml:6:8: rates: "});
  expect_refusal("rates: [0.1, 1.5]\n", {"rates[1]: expected a number in [0, 1], got \"1.5\""});
  expect_refusal("rates: [-0.1]\n", {"rates[0]: expected a number in [0, 1]"});
  expect_refusal("rates: [0.1, 0.01, 0.10]\n", {"rates: 0.1 is listed twice"});
  expect_refusal("rates: 0.1\n", {"rates: "});
  expect_refusal("rates: [0.1, 0.6]\np_err: 0.5\n",
                 {"rates.yaml:7:8: p_err: expected at least the highest bit error rate, 0.6"});
  expect_refusal("rates: [0.1, 0.6]\np01: 0.5\np10: 0.25\n",
                 {"p01: expected at least the highest"});
  expect_refusal("rates: [0.1]\np01: 0.5\np_err: 0.5\n", {"p_err: sets p01 and p10"});
  expect_refusal("rates: [0.1]\np01: 0\np10: 0\n", {"p01: expected p01 or p10 to be at least"});
  expect_refusal("rates: [0.1]\np10: 1.5\n", {"p10: expected a number in [0, 1]"});
}

TEST_F(Rates, AnUnknownKeyIsTheFirstComplaint) {
  // Of a file in which much else is missing or wrong.
  workplace_.write("rates.yaml", "chips: 0\nrate: [0.1]\n");
  const Outcome outcome = brownout(words("refused"));
  EXPECT_EQ(outcome.code, 2);
  EXPECT_NE(outcome.err.find("rates.yaml:2:1: unknown key \"rate\"; did you mean \"rates\"?"),
            std::string::npos)
      << outcome.err;
  workplace_.write("rates.yaml", "chips: 0\nrates: [0.1]\nmemory_rates: {inputs: 0.1}\n");
  const Outcome nested = brownout(words("refused"));
  EXPECT_NE(nested.err.find("rates.yaml:3:16: unknown key \"memory_rates.inputs\""),
            std::string::npos)
      << nested.err;
}

}  // namespace
}  // namespace brownout::end_to_end
