// SPDX-License-Identifier: Apache-2.0
// JSON of a sweep and of an evaluation: the promised fields, with null for what is undefined.
#include "sim/report/results_json.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "example_sweep.hpp"

namespace brownout::report {
namespace {

using Json = nlohmann::json;

TEST(SweepJson, HasThePromisedFields) {
  const Json json = Json::parse(sweep_json(example_sweep()));
  ASSERT_EQ(json["points"].size(), 6u);
  for (const char* field :
       {"model", "voltage", "rate", "err", "rerr_mean", "rerr_std", "rerr_ci95", "cells_hit_mean",
        "bits_wrong_mean", "energy_sram_rel", "chips", "images", "prop1_excess"}) {
    EXPECT_TRUE(json["points"][1].contains(field)) << field;
  }
  EXPECT_EQ(json["points"][1]["rerr_ci95"], Json({19.75, 20.25}));
  EXPECT_EQ(json["points"][1]["rerr_se_images"], 0.75);
  EXPECT_EQ(json["points"][1]["rerr_ci95_all"], Json({18.0, 22.0}));
  EXPECT_EQ(json["points"][1]["err_ci95"], Json({6.5, 9.75}));
  EXPECT_EQ(json["points_computed"], 5);
  EXPECT_EQ(json["extra_points"].size(), 1u);
  EXPECT_EQ(json["safe_voltage"][0]["voltage"], 0.9375);
  EXPECT_EQ(json["safe_voltage"][0]["energy_saving_sram_pct"], 12.109375);
  EXPECT_EQ(json["safe_voltage"][0]["max_drop_points"], 2.5);
  EXPECT_EQ(json["safe_voltage"][0]["yield"], 0.9);
  EXPECT_EQ(json["safe_voltage"][0]["confidence"], 0.95);
  EXPECT_EQ(
      json["safe_voltage"][0]["chosen_on"],
      Json({{"chips", 46}, {"first", "random:0"}, {"tried", 55}, {"allowed", 1}, {"failed", 1}}));
  EXPECT_EQ(json["safe_voltage"][0]["stated_on"], Json({{"chips", 40},
                                                        {"first", "random:1000000"},
                                                        {"rerr_mean", 9.0},
                                                        {"rerr_std", 0.5},
                                                        {"rerr_worst", 11.5},
                                                        {"within", 38},
                                                        {"within_pct", 95.0}}));
  EXPECT_EQ(json["safe_voltage"][0]["rerr_mean"], 9.0);
  EXPECT_TRUE(json["safe_voltage"][1]["voltage"].is_null());
  EXPECT_TRUE(json["safe_voltage"][1]["stated_on"].is_null());
  EXPECT_TRUE(json["safe_voltage"][1]["chosen_on"]["failed"].is_null());
  EXPECT_TRUE(json["models"][1]["bits"].is_null());
  EXPECT_EQ(json["configuration"]["images"], 1000);
}

TEST(SweepJson, SaysWhatIsBestAndWhatOfThatIsDecided) {
  // Nothing is known about other images, so nothing is decided.
  results::SweepResult result = example_sweep();
  Json json = Json::parse(sweep_json(result));
  EXPECT_EQ(json["pareto_energy"], "energy_sram_rel");
  EXPECT_EQ(json["pareto_compares"], "each network with itself");
  EXPECT_EQ(json["best_per_voltage"][0]["model"], "net-16-normal-8b");
  EXPECT_EQ(json["best_per_voltage"][0]["within_noise"],
            Json::array({{{"model", "net-16-randbet-8b"},
                          {"mitigation", "none"},
                          {"voltage", 1.0},
                          {"rerr_mean", 8.5}}}));
  EXPECT_EQ(json["pareto_front"].size(), 6u);  // each network's own three
  EXPECT_FALSE(json["pareto_front"][0].contains("energy_uj"));

  // On an accelerator both networks are compared, by the energy of an inference; here the second
  // takes twice as much. 115 images of 1000 that only one of them gets wrong decide.
  const double errors[] = {8, 20, 90, 8.5, 9, 60};
  for (std::size_t i = 0; i < 6; ++i) {
    results::Point& point = result.points[i];
    point.energy.emplace();
    point.energy->macs = (i < 3 ? 10.0 : 20.0) * *point.voltage;
    results::WrongImages wrong(1000, false);
    std::fill(wrong.begin(), wrong.begin() + std::lround(10 * errors[i]), true);
    point.wrong_images = {wrong, wrong};
    point.cycles = 1.0;
    point.energy_rel = 1.0;
  }
  result.settle();
  json = Json::parse(sweep_json(result));
  EXPECT_EQ(json["pareto_energy"], "energy_uj");
  EXPECT_EQ(json["pareto_compares"], "all networks");
  std::vector<std::string> front;
  for (const Json& point : json["pareto_front"]) {
    front.push_back(point["model"].get<std::string>() + " " + point["voltage"].dump());
  }
  EXPECT_EQ(front, (std::vector<std::string>{"net-16-normal-8b 1.0", "net-16-normal-8b 0.875",
                                             "net-16-normal-8b 0.75"}));
  EXPECT_EQ(json["pareto_front"][0]["energy_uj"], 10.0);
  EXPECT_EQ(json["best_per_voltage"][1]["model"], "net-16-randbet-8b");
  EXPECT_TRUE(json["best_per_voltage"][1]["within_noise"].empty());
  EXPECT_EQ(json["best_per_voltage"][0]["within_noise"].size(), 1u);  // 5 images of 1000
}

TEST(SweepJson, BestAndFrontNameTheNetworks) {
  const Json json = Json::parse(sweep_json(example_sweep()));
  ASSERT_EQ(json["best_per_voltage"].size(), 3u);
  EXPECT_EQ(json["best_per_voltage"][0]["model"], "net-16-normal-8b");
  EXPECT_EQ(json["best_per_voltage"][1]["model"], "net-16-randbet-8b");
  // 8 at Vmin, 9 at 0.875 (which beats 9 at 0.9375), 60 at 0.75.
  ASSERT_EQ(json["pareto_front"].size(), 6u);
  EXPECT_EQ(json["pareto_front"][1]["voltage"], 1.0);
  EXPECT_EQ(json["pareto_front"][2]["voltage"], 0.875);
}

runs::EvalResult example_eval() {
  runs::EvalResult result;
  result.config.model = "models/net.onnx";
  result.images = 200;
  result.rate = 0.01;
  result.config.chips = {"random:0", "random:1"};
  result.model = "net";
  result.bits = 8;
  result.weights = 77;
  result.clean.wrong = 20;
  result.clean.confidence = 0.5;
  result.clean.logits_sha256 = "c0";
  for (const int wrong : {30, 34}) {
    results::ChipResult chip;
    chip.chip = "random:" + std::to_string(wrong);
    chip.wrong = wrong;
    chip.wrong_either = wrong + 2;
    chip.read = {5, 4, 3};
    result.chips.push_back(chip);
  }
  result.point = summarize(result.clean, result.chips, 200);
  result.seconds = 2;
  result.images_per_s = 300;
  return result;
}

TEST(EvalJson, HasThePromisedFields) {
  const Json json = Json::parse(eval_json(example_eval()));
  for (const char* field : {"model",
                            "engine",
                            "bits",
                            "weights",
                            "voltage",
                            "rate",
                            "chips",
                            "images",
                            "err",
                            "rerr_mean",
                            "rerr_std",
                            "rerr_ci95",
                            "prop1_excess",
                            "cells_hit_mean",
                            "bits_wrong_mean",
                            "codes_changed_mean",
                            "seconds",
                            "images_per_s",
                            "per_chip",
                            "err_ci95",
                            "rerr_se_images",
                            "rerr_ci95_all"}) {
    EXPECT_TRUE(json.contains(field)) << field;
  }
  EXPECT_TRUE(json["prop1_excess"].is_null());  // 203 points say nothing
  EXPECT_EQ(json["model"], "net");
  EXPECT_EQ(json["err"], 10.0);
  EXPECT_EQ(json["rerr_mean"], 16.0);
  EXPECT_EQ(json["rerr_either_mean"], 17.0);
  EXPECT_TRUE(json["voltage"].is_null());
  EXPECT_EQ(json["chips"], 2);
  ASSERT_EQ(json["per_chip"].size(), 2u);
  EXPECT_EQ(json["per_chip"][1]["rerr"], 17.0);
  EXPECT_EQ(json["per_chip"][1]["cells_hit"], 5);
}

TEST(EvalJson, OneChipHasNoInterval) {
  runs::EvalResult result = example_eval();
  result.config.chips.resize(1);
  result.chips.resize(1);
  result.point = summarize(result.clean, result.chips, 200);
  const Json json = Json::parse(eval_json(result));
  EXPECT_TRUE(json["rerr_ci95"].is_null());
  EXPECT_TRUE(json["rerr_std"].is_null());
  EXPECT_EQ(json["rerr_mean"], 15.0);
}

TEST(EvalJson, TheCleanNetworkAloneHasTheSameFields) {
  runs::EvalResult result = example_eval();
  std::vector<std::string> names;
  const Json full = Json::parse(eval_json(result));
  for (const auto& [name, value] : full.items()) names.push_back(name);
  result.rate.reset();
  result.config.chips.clear();
  result.chips.clear();
  result.point.reset();
  std::vector<std::string> clean_names;
  const Json json = Json::parse(eval_json(result));
  for (const auto& [name, value] : json.items()) clean_names.push_back(name);
  EXPECT_EQ(names, clean_names);
  EXPECT_TRUE(json["rerr_mean"].is_null());
  EXPECT_EQ(json["rate"], 0.0);
}

}  // namespace
}  // namespace brownout::report
