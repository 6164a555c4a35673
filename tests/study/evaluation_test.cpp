// SPDX-License-Identifier: Apache-2.0
// Kinds of evaluations on a small network: their numbers, and that the store has all of them.
#include "sim/study/evaluation.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "sim/base/error.hpp"
#include "sim/base/files.hpp"
#include "sim/results/store.hpp"
#include "sim/runs/eval.hpp"
#include "tests/end_to_end/workplace.hpp"

namespace brownout::study {
namespace {

class EvaluationTest : public testing::Test {
 protected:
  std::unique_ptr<Evaluation> make(const std::string& block) const {
    YamlMap map = YamlMap::parse("dataset: fashion-mnist\ndata_folder: data\n" + block,
                                 workplace_.folder() / "x.yaml");
    return make_evaluation(std::move(map), {});
  }
  /// Uses the store in the test's folder, which stays from one call to the next.
  Findings run(const std::string& block) {
    results::Store store(workplace_.folder() / "out", "{}", {"study", "identity.json", {}});
    rows_before_ = store.size();
    Datasets datasets;
    ticks_ = 0;
    const Bench bench{store, datasets, 2, [&](const std::string&) { ++ticks_; }};
    Findings findings = make(block)->run(experiment::load_model(workplace_.network()), bench);
    rows_added_ = store.size() - rows_before_;
    return findings;
  }
  end_to_end::Workplace workplace_;
  std::size_t rows_before_ = 0, rows_added_ = 0;
  std::int64_t ticks_ = 0;
};

TEST_F(EvaluationTest, ErrorsAreThoseOfEval) {
  const std::string block = "kind: errors\nrates: [0.02, 0.05]\nchips: 3\nseed: 5\nimages: 200\n";
  const Findings found = run(block);
  ASSERT_EQ(found.values.size(), 2u);
  EXPECT_EQ(rows_added_, 7u);  // clean, and 2 × 3
  EXPECT_EQ(ticks_, make(block)->patterns(nullptr));
  runs::EvalConfig config;
  config.model = workplace_.network();
  config.setup.images.folder = workplace_.folder() / "data";
  config.setup.images.count = 200;
  config.rate = 0.05;
  config.chips = {"random:5", "random:6", "random:7"};
  const runs::EvalResult eval = runs::run_eval(config, 1, true);
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_DOUBLE_EQ(found.values[1].samples[i],
                     100.0 * static_cast<double>(eval.chips[i].wrong) / 200);
    EXPECT_EQ(found.values[1].wrong[i], eval.chips[i].wrong_images);
    EXPECT_EQ(results::count(eval.chips[i].wrong_images), eval.chips[i].wrong);
  }
  const Findings either = run(block + "count: either\n");
  EXPECT_EQ(rows_added_, 0u);  // both readings are in the rows
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_DOUBLE_EQ(either.values[1].samples[i],
                     100.0 * static_cast<double>(eval.chips[i].wrong_either) / 200);
    EXPECT_EQ(results::count(either.values[1].wrong[i]), eval.chips[i].wrong_either);
  }
  EXPECT_GT(either.values[1].samples[0], found.values[1].samples[0]);
}

TEST_F(EvaluationTest, WhatIsStoredIsNotComputedAgainAndTheSame) {
  for (const std::string block :
       {"kind: clean\n",
        "kind: errors\nvoltages: [0.9, 0.8]\ntechnology: " BROWNOUT_SOURCE_DIR
        "/profiles/14nm-finfet.yaml\nchips: 2\n",
        "kind: errors\nprofile: " BROWNOUT_SOURCE_DIR
        "/profiles/chip1-synthetic.h5\nvoltages: [0.82]\nchips: 2\n",
        "kind: layers\nrate: 0.05\nchips: 2\n", "kind: noise\nshares: [0.5, 1]\nchips: 2\n",
        "kind: weight-error\nrate: 0.05\nchips: 2\n",
        "kind: weight-error\nrate: 0.05\nchips: 2\ncodings: [{scheme: rquant, bits: 4}]\n",
        "kind: redundancy\nrate: 0.05\nchips: 2\n", "kind: histograms\nrate: 0.05\n",
        "kind: margin\n"}) {
    const Findings first = run(block + "images: 100\n");
    EXPECT_GT(rows_added_, 0u) << block;
    const Findings second = run(block + "images: 100\n");
    EXPECT_EQ(rows_added_, 0u) << block;
    ASSERT_EQ(first.values.size(), second.values.size());
    for (std::size_t i = 0; i < first.values.size(); ++i) {
      EXPECT_EQ(first.values[i].samples, second.values[i].samples) << block;
      EXPECT_EQ(first.values[i].wrong, second.values[i].wrong) << block;
      EXPECT_EQ(first.values[i].label, second.values[i].label);
    }
    for (std::size_t i = 0; i < first.histograms.size(); ++i) {
      EXPECT_EQ(first.histograms[i].histogram.counts, second.histograms[i].histogram.counts);
    }
    // Other images give another row.
    run(block + "images: 101\n");
    const bool runs_images = block.find("weight-error") == std::string::npos;
    EXPECT_EQ(rows_added_ > 0, runs_images) << block;
  }
}

TEST_F(EvaluationTest, ALayerIsHitAlone) {
  // The network has one layer: its cells are all cells.
  const Findings layers = run("kind: layers\nrate: 0.05\nchips: 2\nimages: 200\n");
  const Findings all = run("kind: errors\nrates: [0.05]\nchips: 2\nimages: 200\n");
  ASSERT_EQ(layers.values.size(), 1u);
  EXPECT_EQ(layers.values[0].label, "fc at 5 %");
  EXPECT_EQ(layers.values[0].samples, all.values[0].samples);
  // Low bits have less effect than all bits.
  const Findings low = run("kind: errors\nrates: [0.05]\nonly_bits: 0-3\nchips: 2\nimages: 200\n");
  EXPECT_LT(low.values[0].samples[0], all.values[0].samples[0]);
}

TEST_F(EvaluationTest, ANetworkWithoutReluHasNoFinalActivations) {
  const Findings found = run("kind: redundancy\nrate: 0.05\nchips: 2\nimages: 50\n");
  ASSERT_EQ(found.values.size(), 3u);
  EXPECT_EQ(found.values[0].samples.size(), 2u);
  EXPECT_EQ(found.values[2].label, "Σ|w| / max|w| per weight");
  EXPECT_NEAR(found.values[2].samples[0], 100.0, 1.0);  // its weights are ±w
}

TEST_F(EvaluationTest, HistogramsCountAllImagesAndWeightsInTheSameBins) {
  const Findings found = run("kind: histograms\nrate: 0.05\nbins: 10\nimages: 100\n");
  ASSERT_EQ(found.histograms.size(), 6u);
  const auto total = [](const NamedHistogram& entry) {
    std::int64_t sum = 0;
    for (const std::int64_t count : entry.histogram.counts) sum += count;
    return sum;
  };
  for (std::size_t i = 0; i < 6; i += 2) {
    EXPECT_EQ(found.histograms[i].of, found.histograms[i + 1].of);
    EXPECT_EQ(found.histograms[i].histogram.low, found.histograms[i + 1].histogram.low);
    EXPECT_EQ(found.histograms[i].when, "clean");
    EXPECT_EQ(found.histograms[i + 1].when, "p = 5 %");
    EXPECT_EQ(total(found.histograms[i]), i < 4 ? 100 : 7840);
  }
}

TEST_F(EvaluationTest, MissingDataIsNamed) {
  results::Store store(workplace_.folder() / "out", "{}", {"study", "identity.json", {}});
  Datasets datasets;
  Setting setting;
  setting.setup.images.folder = workplace_.folder() / "nowhere";
  setting.places["data_folder"] = "x.yaml:1:1: data_folder";
  EXPECT_THROW(datasets.get(setting), InputError);
  setting.setup.images.folder = workplace_.folder() / "data";
  setting.setup.images.count = 401;
  setting.places["images"] = "x.yaml:2:2: images";
  try {
    datasets.images(setting);
    FAIL();
  } catch (const InputError& error) {
    EXPECT_EQ(
        std::string(error.what()).rfind("x.yaml:2:2: images: expected an integer in [1, 400]", 0),
        0u)
        << error.what();
  }
}

}  // namespace
}  // namespace brownout::study
