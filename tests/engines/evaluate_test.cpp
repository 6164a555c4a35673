// SPDX-License-Identifier: Apache-2.0
// Predictions, ties, confidence, the hash of the logits, and the errors of an evaluation.
#include "sim/engines/evaluate.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "sim/base/error.hpp"
#include "sim/base/files.hpp"
#include "tests/network/built_networks.hpp"

namespace brownout::engines {
namespace {

/// Hands out prepared logits: image i is recognized by its pixel value i.
class Table : public Engine {
 public:
  explicit Table(std::vector<std::vector<float>> rows) : rows_(std::move(rows)) {}
  void set_codes(const network::Codes&) override {}
  void run(const std::uint8_t* pixels, std::int64_t, int count, float* logits, int) override {
    for (int i = 0; i < count; ++i) {
      logits = std::copy(rows_[pixels[i]].begin(), rows_[pixels[i]].end(), logits);
    }
  }
  int preferred_batch() const override { return 2; }
  std::string name() const override { return "table"; }

 private:
  std::vector<std::vector<float>> rows_;
};

class Evaluate : public ::testing::Test {
 protected:
  Evaluate() {
    network_.input = {1, 1, 1};
    network_.classes = 3;
    data_.name = "table";
    data_.shape = {1, 1, 1};
    data_.classes = 3;
  }
  Evaluation run(std::vector<std::vector<float>> rows, data::Labels labels, int threads = 1,
                 bool hash = false, NonFinite non_finite = NonFinite::kFail) {
    for (std::size_t i = 0; i < rows.size(); ++i) {
      data_.pixels.push_back(static_cast<std::uint8_t>(i));
    }
    data_.labels = std::move(labels);
    Table engine(std::move(rows));
    return evaluate(engine, network_, data_, data_.size(), threads, hash, non_finite);
  }
  network::Network network_;
  data::Dataset data_;
};

TEST_F(Evaluate, CountsWrongPredictionsAndGivesTiesToTheLowestClass) {
  const Evaluation result = run({{0, 2, 1}, {5, 5, 5}, {-1, 3, 3}, {0, 0, 9}}, {1, 0, 2, 0});
  EXPECT_EQ(result.predictions, (data::Labels{1, 0, 1, 2}));
  EXPECT_EQ(result.wrong, 2);
  EXPECT_EQ(result.logits_sha256, "");
}

TEST_F(Evaluate, AveragesTheProbabilityOfThePredictedClass) {
  const auto two = static_cast<float>(std::log(2.0));
  const Evaluation result = run({{0, 0, 0}, {two, 0, 0}, {1000, 0, 0}}, {0, 0, 0});
  EXPECT_NEAR(result.confidence, (1.0 / 3 + 0.5 + 1.0) / 3, 1e-7);
}

TEST_F(Evaluate, HashesLittleEndianImageMajorWithMinusZeroAsZero) {
  const Evaluation result = run({{1.0f, -0.0f, 0.0f}, {-2.0f, 0.5f, 0.0f}}, {0, 1}, 1, true);
  const unsigned char bytes[] = {0, 0, 0x80, 0x3f, 0, 0, 0, 0,    0, 0, 0, 0,
                                 0, 0, 0,    0xc0, 0, 0, 0, 0x3f, 0, 0, 0, 0};
  EXPECT_EQ(result.logits_sha256, sha256_hex({reinterpret_cast<const char*>(bytes), sizeof bytes}));
}

TEST_F(Evaluate, NamesTheImageAndClassOfANonFiniteLogit) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  try {
    run({{0, 1, 2}, {0, 1, 2}, {0, nan, 2}}, {0, 0, 0});
    FAIL() << "no error";
  } catch (const RunError& error) {
    EXPECT_STREQ(error.what(),
                 "image 2 of table: logit of class 1 is nan, expected a finite number");
    EXPECT_EQ(error.exit_code(), 1);
  }
}

TEST_F(Evaluate, OrdersLogitsOfFaultyMemoriesThatAreNoNumbers) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const float inf = std::numeric_limits<float>::infinity();
  const Evaluation result = run({{nan, -5, -inf}, {1, inf, inf}, {nan, -inf, nan}, {-inf, nan, 0}},
                                {1, 1, 2, 2}, 1, true, NonFinite::kOrder);
  EXPECT_EQ(result.predictions, (data::Labels{1, 1, 0, 2}));
  EXPECT_EQ(result.wrong, 1);
  EXPECT_DOUBLE_EQ(result.confidence, (1.0 + 0.5 + 1.0 / 3 + 1.0) / 4);
}

TEST_F(Evaluate, HashesEveryNaNAlike) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const unsigned char bytes[] = {0, 0, 0xc0, 0x7f, 0, 0, 0xc0, 0x7f, 0, 0, 0x80, 0x3f};
  const Evaluation result = run({{nan, -nan, 1}}, {2}, 1, true, NonFinite::kOrder);
  EXPECT_EQ(result.logits_sha256, sha256_hex({reinterpret_cast<const char*>(bytes), sizeof bytes}));
}

TEST_F(Evaluate, TakesAnyNumberOfImages) {
  const Evaluation result = run({{0, 2, 1}}, {1});
  EXPECT_EQ(result.predictions.size(), 1U);
}

TEST(EvaluateEngines, GivesTheSameForAnyNumberOfThreads) {
  const network::Network network = network::simple_network();
  data::Dataset data;
  data.name = "random";
  data.shape = network.input;
  data.classes = 10;
  data.pixels = network::images_for(network, 70);
  data.labels.assign(70, 3);
  for (const char* name : {"functional", "float"}) {
    std::vector<Evaluation> results;
    for (const int threads : {1, 2, 3}) {
      const auto engine = make_engine(name, network::share(network), threads);
      engine->set_codes(network::clean_codes(network));
      results.push_back(evaluate(*engine, network, data, 70, threads, true));
    }
    for (const Evaluation& result : results) {
      EXPECT_EQ(result.logits_sha256, results[0].logits_sha256) << name;
      EXPECT_EQ(result.predictions, results[0].predictions) << name;
      EXPECT_EQ(result.wrong, results[0].wrong) << name;
      EXPECT_EQ(result.confidence, results[0].confidence) << name;
    }
  }
}

TEST(CheckFits, ComparesShapeClassesAndLabels) {
  const network::Network network = network::simple_network();
  data::Dataset data;
  data.name = "digits";
  data.shape = network.input;
  data.classes = 10;
  data.labels = {0, 9};
  EXPECT_NO_THROW(check_fits(network, data, "net.onnx"));
  data.labels.push_back(10);
  EXPECT_THROW(check_fits(network, data, "net.onnx"), InputError);
  data.labels.pop_back();
  data.classes = 100;
  try {
    check_fits(network, data, "net.onnx");
    FAIL() << "no error";
  } catch (const InputError& error) {
    EXPECT_STREQ(error.what(), "net.onnx: has 10 classes, digits has 100");
  }
  data.shape.width = 28;
  try {
    check_fits(network, data, "net.onnx");
    FAIL() << "no error";
  } catch (const InputError& error) {
    EXPECT_STREQ(error.what(),
                 "net.onnx: input is 1x12x12 (channels x height x width), images of digits are "
                 "1x12x28");
  }
}

}  // namespace
}  // namespace brownout::engines
