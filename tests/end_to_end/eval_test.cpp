// SPDX-License-Identifier: Apache-2.0
// `brownout eval` and `brownout model inspect` from the outside.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "sim/base/files.hpp"
#include "sim/base/npy_array.hpp"
#include "sim/chips/chip.hpp"
#include "sim/mapping/placement.hpp"
#include "sim/technology/technology.hpp"
#include "sim/weights/read_through.hpp"
#include "workplace.hpp"

namespace brownout::end_to_end {
namespace {

using Json = nlohmann::json;

class Eval : public testing::Test {
 protected:
  Outcome run(std::vector<std::string> arguments) const {
    return workplace_.run(BROWNOUT_BINARY, arguments);
  }
  /// eval of the tiny network with --json -; fails the test unless it exits 0.
  Json eval(std::vector<std::string> more) const {
    std::vector<std::string> arguments{
        "eval", workplace_.network().string(), "--data", "data", "--json", "-"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    const Outcome outcome = run(arguments);
    EXPECT_EQ(outcome.code, 0) << outcome.err;
    return outcome.json();
  }
  Workplace workplace_;
};

TEST_F(Eval, GivesOneObjectWithThePromisedFields) {
  const Json json = eval({"--rate", "0.01", "--chips", "5"});
  for (const char* field :
       {"model", "engine", "bits", "weights", "voltage", "rate", "chips", "images", "err",
        "rerr_mean", "rerr_std", "rerr_ci95", "prop1_excess", "cells_hit_mean", "bits_wrong_mean",
        "codes_changed_mean", "seconds", "images_per_s", "per_chip"}) {
    EXPECT_TRUE(json.contains(field)) << field;
  }
  EXPECT_EQ(json["model"], "tiny-rquant-8b");
  EXPECT_EQ(json["technology"], "14nm-finfet");
  EXPECT_EQ(json["seed"], 0);
  EXPECT_EQ(json["p_err"], 1.0);
  EXPECT_EQ(json["weights"], 7850);
  EXPECT_EQ(json["bits"], 8);
  EXPECT_EQ(json["images"], Workplace::kImages);
  EXPECT_EQ(json["per_chip"].size(), 5u);
  // 62,800 cells at 1 %: 628 ± 25 a chip, ± 11 in the mean of 5.
  EXPECT_NEAR(json["cells_hit_mean"], 628, 55);
  EXPECT_LT(json["err"], 20.0);
  for (const Json& chip : json["per_chip"]) {
    EXPECT_GE(chip["rerr_either"], chip["rerr"]);
    EXPECT_GE(chip["rerr_either"], json["err"]);
    EXPECT_EQ(chip["bits_wrong"], chip["cells_hit"]);  // random chips flip
    EXPECT_LE(chip["codes_changed"], chip["bits_wrong"]);
  }
}

TEST_F(Eval, CountsOfAMitigationAreInTheTextAndSamplesNameTheAccelerator) {
  const Outcome outcome = run({"eval", workplace_.network().string(), "--data", "data", "--rate",
                               "0.01", "--chips", "2", "--mitigation", "secded", "--accelerator",
                               "edge-16x16", "--samples", "samples.csv"});
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_NE(outcome.out.find("words corrected"), std::string::npos) << outcome.out;
  const std::string csv = read_file(workplace_.folder() / "samples.csv");
  const std::string end = ",edge-16x16,1\n";
  EXPECT_EQ(csv.substr(csv.size() - end.size()), end);
  EXPECT_NE(csv.find("\ntiny-rquant-8b,secded,"), std::string::npos) << csv;
}

TEST_F(Eval, WritesLogitsForNumPy) {
  const Json json = eval({"--rate", "0.01", "--chips", "2", "--logits", "logits.npy"});
  const auto array = open_npy(workplace_.folder() / "logits.npy");
  ASSERT_EQ(array->shape(), (std::vector<std::uint64_t>{3, Workplace::kImages, 10}));
  std::vector<std::string> hashes;
  for (int pass = 0; pass < 3; ++pass) {
    const std::vector<double> read = array->next_numbers(Workplace::kImages * 10);
    const std::vector<float> logits(read.begin(), read.end());
    const void* bytes = logits.data();
    hashes.push_back(
        sha256_hex(std::string(static_cast<const char*>(bytes), logits.size() * sizeof(float))));
  }
  EXPECT_EQ(json["logits_sha256"], hashes[0]);
  for (std::size_t chip = 0; chip < 2; ++chip) {
    EXPECT_EQ(json["per_chip"][chip]["logits_sha256"], hashes[chip + 1]);
  }
}

TEST_F(Eval, ErrorsGrowWithTheRate) {
  const Json few = eval({"--rate", "0.1", "--chips", "4"});
  const Json many = eval({"--rate", "0.3", "--chips", "4"});
  EXPECT_GT(few["rerr_mean"].get<double>(), few["err"].get<double>() + 2);
  EXPECT_GT(many["rerr_mean"].get<double>(), few["rerr_mean"].get<double>() + 10);
}

TEST_F(Eval, RateAndVoltageNameTheSamePoint) {
  const Json by_voltage = eval({"--voltage", "0.875", "--chips", "2"});
  EXPECT_DOUBLE_EQ(by_voltage["rate"], 0.00129);
  EXPECT_DOUBLE_EQ(by_voltage["energy_sram_rel"], 0.765625);
  const Json by_rate = eval({"--rate", "0.00129", "--chips", "2"});
  EXPECT_NEAR(by_rate["voltage"].get<double>(), 0.875, 1e-9);
  EXPECT_EQ(by_rate["per_chip"], by_voltage["per_chip"]);
  EXPECT_TRUE(eval({"--rate", "0.5", "--chips", "1"})["voltage"].is_null());
}

TEST_F(Eval, AProfileIsPlacedAtRandomAndEvenlyOverTheBitPositions) {
  const std::string file = BROWNOUT_SOURCE_DIR "/profiles/chip1-synthetic.h5";
  const Json json = eval({"--chip", file, "--voltage", "0.82", "--offsets", "16"});
  ASSERT_EQ(json["per_chip"].size(), 16u);
  EXPECT_EQ(json["seed"], 0);
  EXPECT_EQ(json["places_of_one_die"], true);
  EXPECT_GT(json["rerr_position_std"], 0.0);
  EXPECT_GT(json["rerr_within_position_std"], 0.0);
  std::vector<std::string> names;
  std::vector<int> positions(8, 0);
  for (const Json& chip : json["per_chip"]) {
    names.push_back(chip["chip"]);
    ASSERT_EQ(names.back().rfind(file + ",offset=", 0), 0u) << names.back();
    ++positions[std::stoul(names.back().substr(file.size() + 8)) % 8];
  }
  EXPECT_EQ(positions, std::vector<int>(8, 2));
  // A smaller number of places gives the first ones of a larger number; another seed gives others.
  const Json five = eval({"--chip", file, "--voltage", "0.82", "--offsets", "5"});
  const Json seven = eval({"--chip", file, "--voltage", "0.82", "--offsets", "5", "--seed", "7"});
  EXPECT_EQ(seven["seed"], 7);
  for (std::size_t i = 0; i < 5; ++i) {
    EXPECT_EQ(five["per_chip"][i], json["per_chip"][i]);
    EXPECT_NE(seven["per_chip"][i]["chip"], json["per_chip"][i]["chip"]);
  }
  // Several places are never called chips.
  const Outcome text = run({"eval", workplace_.network().string(), "--data", "data", "--chip", file,
                            "--voltage", "0.82", "--offsets", "16"});
  EXPECT_NE(text.out.find("16 places of one die at bit error rate"), std::string::npos) << text.out;
  EXPECT_NE(text.out.find("std over places"), std::string::npos);
  EXPECT_NE(text.out.find("means of the bit positions"), std::string::npos);
  EXPECT_EQ(text.out.find("16 chips"), std::string::npos);
  for (const Json& chip : json["per_chip"]) {
    // 0.82 is between two profiled voltages, so the lower one, with 2.74 %, is used.
    EXPECT_NEAR(chip["cell_rate"].get<double>(), 0.0274, 0.004);
    EXPECT_LT(chip["bits_wrong"], chip["cells_hit"]);  // cells fail in one direction
    EXPECT_NE(chip["note"].get<std::string>().find("SYNTHETIC"), std::string::npos);
    EXPECT_TRUE(chip["period"].is_null());  // 62,800 cells of 262,144
  }
  EXPECT_NE(json["per_chip"][0]["logits_sha256"], json["per_chip"][1]["logits_sha256"]);
  // A network that is larger than the map sees it more than once, or the command says what is
  // missing.
  const std::string large = BROWNOUT_SOURCE_DIR "/models/fmnist-simplenet16-randbet-8b.onnx";
  const Outcome wrapped = run({"eval", large, "--data", "data", "--images", "4", "--voltage",
                               "0.82", "--chip", file, "--json", "-"});
  ASSERT_EQ(wrapped.code, 0) << wrapped.err;
  EXPECT_EQ(wrapped.json()["per_chip"][0]["period"], 262144);
  const Outcome refused = run({"eval", large, "--data", "data", "--images", "4", "--voltage",
                               "0.82", "--chip", file + ",no-wrap"});
  EXPECT_EQ(refused.code, 2);
  EXPECT_NE(refused.err.find("missing"), std::string::npos) << refused.err;
}

TEST_F(Eval, SecdedLeavesFewerBitsWrongAndSaysWhatItDid) {
  const Json plain = eval({"--rate", "0.00129", "--chips", "4"});
  const Json secded = eval({"--rate", "0.00129", "--chips", "4", "--mitigation", "secded"});
  EXPECT_EQ(secded["mitigation"], "secded");
  for (std::size_t i = 0; i < 4; ++i) {
    const Json& chip = secded["per_chip"][i];
    // The data cells are the same as those of the unprotected memory.
    EXPECT_EQ(chip["cells_hit"], plain["per_chip"][i]["cells_hit"]);
    EXPECT_LT(chip["bits_wrong"].get<int>(), plain["per_chip"][i]["bits_wrong"].get<int>() / 4);
    EXPECT_EQ(chip["words"], (7850 + 7) / 8);
    EXPECT_GT(chip["words_corrected"], 30);  // of 982 at 8.5 %
  }
  EXPECT_FALSE(plain["per_chip"][0].contains("words"));
  EXPECT_EQ(
      run({"eval", workplace_.network().string(), "--data", "data", "--mitigation", "hope"}).code,
      2);
}

TEST_F(Eval, WhatAProfileCannotDoIsOneMessage) {
  const std::string file = BROWNOUT_SOURCE_DIR "/profiles/chip1-synthetic.h5";
  const std::vector<std::vector<std::string>> wrong = {
      {"--chip", file, "--rate", "0.01"},
      {"--chip", file, "--voltage", "0.76"},
      {"--chip", "random:1", "--voltage", "0.85", "--offsets", "2"},
      {"--chip", file, "--chip", file + "2", "--voltage", "0.85", "--offsets", "2"},
      {"--chip", file, "--chip", file + ",offset=262144", "--voltage", "0.85"},
      {"--chip", "physical:1", "--chip",
       "physical:1," BROWNOUT_SOURCE_DIR "/profiles/physical-14nm.yaml", "--voltage", "0.85"},
      {"--chip", "random:1", "--chip", "random:1,p_err=0.5", "--rate", "0.01"},
      {"--chip", file + ",offset=3", "--voltage", "0.85", "--offsets", "2"},
      {"--voltage", "0.85", "--offsets", "2"},
      {"--chip", file, "--voltage", "0.85", "--offsets", "0"},
      {"--chip", file, "--voltage", "0.85", "--offsets", "262145"},
      {"--chip", file, "--voltage", "0.85", "--seed", "1"}};
  for (const std::vector<std::string>& more : wrong) {
    std::vector<std::string> arguments{"eval", workplace_.network().string(), "--data", "data"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    const Outcome outcome = run(arguments);
    EXPECT_EQ(outcome.code, 2) << more.back();
    EXPECT_EQ(std::count(outcome.err.begin(), outcome.err.end(), '\n'), 1) << outcome.err;
  }
}

TEST_F(Eval, ThreadsChangeNothingButTime) {
  for (const char* engine : {"functional", "float"}) {
    const Json one = eval({"--rate", "0.02", "--chips", "4", "--threads", "1", "--engine", engine});
    const Json two = eval({"--rate", "0.02", "--chips", "4", "--threads", "2", "--engine", engine});
    EXPECT_EQ(without_timing(one), without_timing(two)) << engine;
    EXPECT_EQ(one["engine"], engine);
  }
}

TEST_F(Eval, RateZeroIsTheCleanNetworkBitForBit) {
  const Json clean = eval({});
  const Json zero = eval({"--rate", "0", "--chips", "2"});
  EXPECT_EQ(zero["logits_sha256"], clean["logits_sha256"]);
  for (const Json& chip : zero["per_chip"]) {
    EXPECT_EQ(chip["logits_sha256"], clean["logits_sha256"]);
    EXPECT_EQ(chip["cells_hit"], 0);
    EXPECT_EQ(chip["rerr"], clean["err"]);
  }
  EXPECT_EQ(zero["voltage"], 1.0);
  EXPECT_TRUE(clean["rerr_mean"].is_null());
}

TEST_F(Eval, ChipsAreNamedTheSameInEveryWay) {
  const Json all = eval({"--rate", "0.01", "--chips", "4", "--seed", "3"});
  const Json two = eval({"--rate", "0.01", "--chip", "random:6", "--chip", "random:4"});
  EXPECT_EQ(two["per_chip"][0], all["per_chip"][3]);
  EXPECT_EQ(two["per_chip"][1], all["per_chip"][1]);
  EXPECT_NE(two["per_chip"][0]["logits_sha256"], two["per_chip"][1]["logits_sha256"]);
}

TEST_F(Eval, ResultsOfFewerImagesAreThoseOfTheFirstOnes) {
  const Json json = eval({"--images", "37", "--rate", "0.01", "--chips", "1"});
  EXPECT_EQ(json["images"], 37);
  EXPECT_TRUE(json["rerr_std"].is_null());  // one chip has no deviation
  EXPECT_NE(json["logits_sha256"], eval({})["logits_sha256"]);
}

TEST_F(Eval, TransientFaultsHitMoreCellsAndErrInSomeOfThem) {
  const Json json = eval({"--rate", "0.01", "--chips", "4", "--p-err", "0.25"});
  // p = p_flt·p_err: four times the cells, each wrong in a quarter of the evaluations.
  EXPECT_NEAR(json["cells_hit_mean"], 4 * 628, 4 * 60);
  EXPECT_NEAR(json["bits_wrong_mean"], 628, 80);
}

TEST_F(Eval, BitOffsetMovesTheNetworkToOtherCells) {
  const Json here = eval({"--rate", "0.01", "--chips", "1"});
  const Json there = eval({"--rate", "0.01", "--chips", "1", "--bit-offset", "64000"});
  EXPECT_EQ(here["logits_sha256"], there["logits_sha256"]);
  EXPECT_NE(here["per_chip"][0]["logits_sha256"], there["per_chip"][0]["logits_sha256"]);
}

TEST_F(Eval, JsonFileHoldsWhatStdoutWouldAndTextGoesElsewhere) {
  const std::vector<std::string> base{
      "eval", workplace_.network().string(), "--data", "data", "--rate", "0.01", "--json"};
  std::vector<std::string> to_stdout = base, to_file = base;
  to_stdout.emplace_back("-");
  to_file.emplace_back("result.json");
  const Outcome one = run(to_stdout);
  const Outcome two = run(to_file);
  EXPECT_NE(one.err.find("RErr %"), std::string::npos);  // the table, on stderr
  EXPECT_NE(two.out.find("RErr %"), std::string::npos);  // the table, on stdout
  EXPECT_EQ(without_timing(one.json()),
            without_timing(Json::parse(read_file(workplace_.folder() / "result.json"))));
  to_stdout.emplace_back("--quiet");
  EXPECT_EQ(run(to_stdout).err, "");
}

TEST_F(Eval, WrongBitsAtAHigherVoltageAreASubsetOfThoseAtALowerOne) {
  const auto technology =
      technology::Technology::load(BROWNOUT_SOURCE_DIR "/profiles/14nm-finfet.yaml");
  // In this scheme n is the code itself, so every wrong bit is visible in n.
  const network::Network net = tiny_network(network::Scheme::kSymmetric, 8);
  const mapping::Placement placement = mapping::resident(net);
  const network::Codes clean = network::clean_codes(net);
  for (int seed = 0; seed < 5; ++seed) {
    const auto chip = chips::make_chip("random:" + std::to_string(seed));
    std::vector<std::vector<std::uint8_t>> before;
    std::int64_t wrong_before = 0;
    for (const double voltage : {1.0, 0.95, 0.9, 0.875, 0.85, 0.8, 0.75}) {
      const chips::OperatingPoint at{voltage, technology.bit_error_rate(voltage)};
      network::Codes codes = clean;
      std::vector<weights::Touched> touched;
      const weights::ReadStats stats = weights::read_through(
          net, placement, chip->faults(memory::MemoryId::kWeights, placement.words, at), {}, codes,
          touched);
      EXPECT_GE(stats.bits_wrong, wrong_before);
      wrong_before = stats.bits_wrong;
      std::vector<std::vector<std::uint8_t>> wrong(codes.size());
      for (std::size_t p = 0; p < codes.size(); ++p) {
        for (std::size_t i = 0; i < codes[p].size(); ++i) {
          wrong[p].push_back(static_cast<std::uint8_t>(codes[p][i] ^ clean[p][i]));
          if (!before.empty()) {
            ASSERT_EQ(before[p][i] & ~wrong[p][i], 0)
                << "seed " << seed << ", " << voltage << " Vmin, code " << i;
          }
        }
      }
      before = std::move(wrong);
    }
    EXPECT_GT(wrong_before, 10000);
  }
}

TEST_F(Eval, MeansOverEvaluationSeedsScatterAsTheirStandardErrorsSay) {
  // Two evaluations of a chip differ almost only in their draws, because 95 % of its faulty cells
  // are faulty on every chip.
  constexpr int kEvaluations = 24;
  constexpr double kChips = 12;
  std::vector<double> means;
  double claimed = 0.0;  // variance of a mean
  for (int seed = 0; seed < kEvaluations; ++seed) {
    const Json json = eval({"--rate", "0.2", "--p-err", "0.21", "--chips", "12",
                            "--evaluation-seed", std::to_string(seed), "--images", "200"});
    means.push_back(json["rerr_mean"]);
    claimed += std::pow(json["rerr_std"].get<double>(), 2) / kChips / kEvaluations;
  }
  double mean = 0.0, variance = 0.0;
  for (const double m : means) mean += m / kEvaluations;
  for (const double m : means) variance += std::pow(m - mean, 2) / (kEvaluations - 1);
  // χ² of 23 degrees of freedom over 23, at 0.01 and 99.99 %; draws shared by all chips gave 12.
  EXPECT_GT(variance / claimed, 0.26);
  EXPECT_LT(variance / claimed, 2.6);
}

TEST_F(Eval, CellsHitAtAHigherVoltageAreAmongThoseAtALowerOne) {
  std::vector<Json> before(3, Json::array());
  for (const char* voltage : {"1", "0.9", "0.85", "0.8"}) {
    const Json json = eval({"--voltage", voltage, "--chips", "3", "--cells"});
    for (std::size_t i = 0; i < 3; ++i) {
      const Json& cells = json["per_chip"][i]["cells"];
      EXPECT_EQ(cells.size(), json["per_chip"][i]["cells_hit"]);
      EXPECT_TRUE(std::includes(cells.begin(), cells.end(), before[i].begin(), before[i].end()));
      before[i] = cells;
    }
  }
  EXPECT_GT(before[0].size(), 1000u);
}

TEST_F(Eval, InspectShowsLayersParametersAndMetadata) {
  const Outcome text = run({"model", "inspect", workplace_.network().string()});
  EXPECT_EQ(text.code, 0) << text.err;
  EXPECT_NE(text.out.find("rquant 8 bit"), std::string::npos);
  EXPECT_NE(text.out.find("made by a test"), std::string::npos);
  const Outcome outcome = run({"model", "inspect", workplace_.network().string(), "--json", "-"});
  const Json json = outcome.json();
  EXPECT_EQ(json["weights"], 7850);
  EXPECT_EQ(json["cells"], 62800);
  EXPECT_EQ(json["macs"], 7840);
  EXPECT_EQ(json["bits"], 8);
  EXPECT_EQ(json["layers"].back()["output"], Json({10, 1, 1}));
  EXPECT_EQ(json["parameters"][0]["shape"], Json({10, 784}));
  EXPECT_EQ(json["parameters"][0]["scheme"], "rquant");
}

TEST_F(Eval, EveryVerbHasHelp) {
  for (const std::vector<std::string>& verb : std::vector<std::vector<std::string>>{
           {}, {"eval"}, {"sweep"}, {"model"}, {"model", "inspect"}}) {
    std::vector<std::string> arguments = verb;
    arguments.emplace_back("--help");
    const Outcome outcome = run(arguments);
    EXPECT_EQ(outcome.code, 0);
    EXPECT_NE(outcome.out.find("Usage"), std::string::npos);
    EXPECT_EQ(outcome.err, "");
  }
  EXPECT_EQ(run({"--version"}).out.substr(0, 9), "brownout ");
}

TEST_F(Eval, TrainStartsTheTrainerOfThePath) {
  const auto trainer = workplace_.write("bin/brownout-train", "#!/bin/sh\necho \"$@\"\nexit 5\n");
  std::filesystem::permissions(trainer, std::filesystem::perms::owner_all);
  // A copy of the command, with no trainer beside it.
  std::filesystem::copy_file(BROWNOUT_BINARY, workplace_.folder() / "brownout");
  const std::string command = (workplace_.folder() / "brownout").string();
  const Outcome found = workplace_.run(
      command, {"train", "x.yaml", "--epochs", "3"},
      {{}, {}, {"PATH=" + (workplace_.folder() / "bin").string() + ":/bin:/usr/bin"}});
  EXPECT_EQ(found.code, 5);
  EXPECT_EQ(found.out, "x.yaml --epochs 3\n");
  const Outcome missing = workplace_.run(command, {"train", "x.yaml"}, {{}, {}, {"PATH=/nowhere"}});
  EXPECT_EQ(missing.code, 2);
  EXPECT_NE(missing.err.find("./setup.sh build --trainers"), std::string::npos);
}

// Three numbers everywhere: the configured rate, the cells that it hits, the bits that really read
// wrong.
TEST_F(Eval, OneDirectionalCellsAreThreeNumbers) {
  const Json json = eval({"--chip", "physical:1", "--chip", "physical:2", "--voltage", "0.8"});
  EXPECT_GT(json["rate"], 0.01);  // the technology's
  double rate = 0.0, hit = 0.0, wrong = 0.0;
  for (const Json& chip : json["per_chip"]) {
    rate += chip["cell_rate"].get<double>() / 2;
    hit += chip["cells_hit"].get<double>() / 2;
    wrong += chip["bits_wrong"].get<double>() / 2;
  }
  const double cells = 8.0 * 7850;
  EXPECT_EQ(json["cells_hit_mean"], hit);
  EXPECT_EQ(json["bits_wrong_mean"], wrong);
  EXPECT_GT(hit, rate * cells);  // some of them err rarely
  // Half of the cells fail towards the bit that they store, whatever that is.
  EXPECT_NEAR(wrong, 0.5 * rate * cells, 4.5 * std::sqrt(0.5 * rate * cells));

  const Outcome text = run({"eval", workplace_.network().string(), "--data", "data", "--chip",
                            "physical:1", "--voltage", "0.8"});
  for (const char* row : {"bit error rate of the cells, %", "cells hit", "bits wrong"})
    EXPECT_NE(text.out.find(row), std::string::npos) << text.out;
  const Outcome on_edge =
      run({"run", workplace_.network().string(), "--accelerator",
           BROWNOUT_SOURCE_DIR "/configs/accelerators/edge-16x16.yaml", "--data", "data",
           "--images", "4", "--voltage", "0.8", "--chip", "physical:1", "--json", "-"});
  ASSERT_EQ(on_edge.code, 0) << on_edge.err;
  const Json run = on_edge.json();
  EXPECT_NEAR(run["rate"], 0.045, 0.02);
  EXPECT_LT(run["bits_wrong"], 0.6 * run["cells_hit"].get<double>());
  for (const char* part : {"bit error rate", "cells hit", "bits wrong"})
    EXPECT_NE(on_edge.err.find(part), std::string::npos) << on_edge.err;
}

TEST_F(Eval, WeightNoiseMovesWeightsOffTheirCodes) {
  const auto eval = [&](std::vector<std::string> more) {
    std::vector<std::string> arguments = {"eval", "tiny-rquant-8b.onnx", "--data", "data"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return workplace_.run(BROWNOUT_BINARY, arguments);
  };
  const auto noisy = [&](const std::string& share, const std::string& seed) {
    const Outcome outcome = eval({"--engine", "float", "--weight-noise", share, "--chips", "3",
                                  "--seed", seed, "--quiet", "--json", "-"});
    EXPECT_EQ(outcome.code, 0) << outcome.err;
    return outcome.json();
  };
  const Json none = noisy("0", "0");
  const Json clean = eval({"--engine", "float", "--quiet", "--json", "-"}).json();
  EXPECT_EQ(clean["weight_noise"], nullptr);
  EXPECT_EQ(none["weight_noise"], 0.0);
  for (const Json& draw : none["per_chip"])
    EXPECT_EQ(draw["logits_sha256"], clean["logits_sha256"]);
  const Json a = noisy("0.3", "5"), b = noisy("0.3", "6");
  EXPECT_EQ(a["per_chip"][1]["logits_sha256"], b["per_chip"][0]["logits_sha256"]);  // seed 6
  EXPECT_NE(a["per_chip"][0]["logits_sha256"], a["per_chip"][1]["logits_sha256"]);
  EXPECT_EQ(a["per_chip"][0]["chip"], "noise:5");
  EXPECT_GT(noisy("3", "0")["rerr_mean"].get<double>(), clean["err"].get<double>() + 5.0);

  const auto refused = [&](std::vector<std::string> more, const std::string& message) {
    more.insert(more.begin(), {"--weight-noise", "0.1"});
    const Outcome outcome = eval(more);
    EXPECT_EQ(outcome.code, 2);
    EXPECT_NE(outcome.err.find(message), std::string::npos) << outcome.err;
  };
  refused({}, "--weight-noise: moves weights off their codes, which engine functional computes on");
  refused({"--engine", "reference"}, "expected --engine float");
  refused({"--engine", "float", "--rate", "0.1"}, "expected no --rate");
  refused({"--engine", "float", "--chip", "random:1"}, "expected no --chip");
  refused({"--engine", "float", "--mitigation", "secded"}, "expected no --mitigation");
  EXPECT_EQ(eval({"--engine", "float", "--weight-noise", "-1"}).code, 2);
}

}  // namespace
}  // namespace brownout::end_to_end
