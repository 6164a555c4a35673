// SPDX-License-Identifier: Apache-2.0
// Measures against values computed by hand.
#include "sim/study/measures.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "sim/base/error.hpp"
#include "sim/mapping/placement.hpp"
#include "sim/study/network_outputs.hpp"
#include "tests/end_to_end/workplace.hpp"

namespace brownout::study {
namespace {

network::Parameter parameter(const std::string& name, network::Role role,
                             std::vector<std::int8_t> n, float alpha, float beta) {
  network::Parameter result;
  result.name = name;
  result.role = role;
  result.shape = {1, static_cast<std::int64_t>(n.size())};
  result.coding = network::Coding{network::Scheme::kAsymmetricSigned, 8, alpha, beta};
  result.n = std::move(n);
  return result;
}

/// Weights 1, -2, 4 (max 4) and 0.5, 0.5 (max 0.5); a bias that no measure of weights counts.
network::Network by_hand() {
  network::Network network;
  network.parameters = {parameter("a", network::Role::kWeight, {1, -2, 4}, 1.0f, 0.0f),
                        parameter("b", network::Role::kBias, {100}, 1.0f, 0.0f),
                        parameter("c", network::Role::kWeight, {0, 0}, 1.0f, 0.5f)};
  return network;
}

TEST(Measures, MeanLogitMarginIsTheLargestLessTheSecondLargest) {
  EXPECT_DOUBLE_EQ(mean_logit_margin({1, 5, 3, -1, -2, -4}, 3), ((5 - 3) + (-1 + 2)) / 2.0);
  EXPECT_DOUBLE_EQ(mean_logit_margin({2, 2}, 2), 0.0);              // a tie
  EXPECT_DOUBLE_EQ(mean_logit_margin({0, 7, 7, 1, 4, 2}, 3), 1.0);  // 0 and 2
}

TEST(Measures, ConfidenceIsTheProbabilityOfThePredictedClass) {
  const std::vector<double> found = confidences({0.0f, std::log(3.0f), 1000.0f, -1000.0f}, 2);
  ASSERT_EQ(found.size(), 2u);
  EXPECT_NEAR(found[0], 0.75, 1e-7);
  EXPECT_DOUBLE_EQ(found[1], 1.0);  // does not overflow
  EXPECT_EQ(largest_logits({0.0f, 2.0f, 1.0f, -1.0f}, 2), (std::vector<double>{2.0, 1.0}));
}

TEST(Measures, WeightRelevanceIsTheMeanMagnitudeOverTheLargest) {
  // (1 + 2 + 4)/4 and (0.5 + 0.5)/0.5 over five weights; biases do not count.
  EXPECT_DOUBLE_EQ(weight_relevance(by_hand()), (7.0 / 4 + 2.0) / 5);
  network::Network zeros = by_hand();
  zeros.parameters[0].n = {0, 0, 0};
  EXPECT_DOUBLE_EQ(weight_relevance(zeros), 2.0 / 5);
}

TEST(Measures, RelativeErrorIsRelativeToEachTensorsLargest) {
  const network::Network network = by_hand();
  network::Codes read = network::clean_codes(network);
  EXPECT_DOUBLE_EQ(relative_absolute_error(network, read), 0.0);
  read[0] = {1, 2, 4};  // -2 read as 2: |4|/4
  read[1] = {0};        // a bias
  read[2] = {1, 0};     // 0.5 read as 1.5: 1/0.5
  EXPECT_DOUBLE_EQ(relative_absolute_error(network, read), (4.0 / 4 + 1.0 / 0.5) / 5);
  EXPECT_EQ(coded_weights(network, read), (std::vector<float>{1, 2, 4, 1.5f, 0.5f}));
  EXPECT_DOUBLE_EQ(mean_absolute_error({1, 2}, {3, 1}), 1.5);
}

TEST(Measures, NonzeroShareCountsExactZeros) {
  EXPECT_DOUBLE_EQ(nonzero_share({0.0f, -0.0f, 1e-30f, -2.0f}), 0.5);
  EXPECT_DOUBLE_EQ(nonzero_share({std::numeric_limits<float>::quiet_NaN()}), 1.0);
}

TEST(Measures, HistogramsKeepWhatLiesOutsideAtTheEnds) {
  const Histogram found = histogram({-5, 0, 0.24, 0.25, 0.99, 1.0, 7, std::nan("")}, 0.0, 1.0, 4);
  EXPECT_EQ(found.counts, (std::vector<std::int64_t>{3, 1, 0, 3}));
}

TEST(Measures, ScalingKeepsTheCodesAndRefusesBinaryOnes) {
  const network::Network scaled_by_half = scaled(by_hand(), 0.5, "row");
  EXPECT_EQ(scaled_by_half.parameters[0].n, by_hand().parameters[0].n);
  EXPECT_EQ(coded_weights(scaled_by_half, network::clean_codes(scaled_by_half)),
            (std::vector<float>{0.5f, -1, 2, 0.25f, 0.25f}));
  EXPECT_DOUBLE_EQ(weight_relevance(scaled_by_half), weight_relevance(by_hand()));
  network::Network binary = by_hand();
  binary.parameters[0].coding = network::Coding{network::Scheme::kBinary, 1, 1.0f, 0.0f};
  try {
    scaled(binary, 0.5, "study.yaml:3:1: rows[0].name");
    FAIL();
  } catch (const InputError& error) {
    EXPECT_NE(std::string(error.what()).find("rows[0].name: tensor \"a\" is binary"),
              std::string::npos);
  }
}

TEST(Measures, RecodedWeightsSpreadOverTheirCells) {
  network::Network network;
  std::vector<std::int8_t> n;
  for (int i = 0; i < 40000; ++i) n.push_back(static_cast<std::int8_t>(i % 201 - 100));
  network.parameters = {parameter("a", network::Role::kWeight, n, 0.01f, 0.0f)};
  const Recoded same =
      recode(network, {network::Scheme::kRquant, 8, network::Rounding::kNearest}, 3);
  double sum = 0.0, squares = 0.0;
  std::size_t inside = 0;
  for (std::size_t i = 0; i < n.size(); ++i) {
    const double u = (double{same.values[0][i]} - 0.01 * n[i]) / 0.01;
    ASSERT_LE(std::abs(u), 0.5 + 1e-4);
    if (std::abs(int{n[i]}) == 100) continue;  // kept within the range
    sum += u;
    squares += u * u;
    ++inside;
  }
  EXPECT_NEAR(sum / static_cast<double>(inside), 0.0, 0.01);
  EXPECT_NEAR(squares / static_cast<double>(inside), 1.0 / 12, 0.002);

  // Without bit errors only the rounding is left: a quarter of a step on average when rounding to
  // nearest, half a step when truncating (RandBET, Sec. 3).
  const auto rounding_error = [&](int bits, network::Rounding rounding) {
    const Recoded recoded = recode(network, {network::Scheme::kRquant, bits, rounding}, 3);
    return recoded_weight_error(recoded, network::clean_codes(recoded.network)) /
           double{recoded.network.parameters[0].coding->alpha};
  };
  EXPECT_NEAR(rounding_error(4, network::Rounding::kNearest), 0.25, 0.01);
  EXPECT_NEAR(rounding_error(4, network::Rounding::kTruncate), 0.5, 0.02);
  EXPECT_NEAR(rounding_error(8, network::Rounding::kTruncate), 0.5, 0.02);
}

/// conv → relu → flatten → linear, by hand: two pixels, weights 1 and -1.
TEST(Measures, TheNetworkUpToItsLastReluGivesItsActivations) {
  network::Network network;
  network.name = "cut";
  network.input = {1, 1, 2};
  network.transform = {{0.0f}, {1.0f}};
  network.classes = 2;
  network.parameters = {
      parameter("conv.weight", network::Role::kWeight, {1, -1}, 1.0f, 0.0f),
      parameter("fc.weight", network::Role::kWeight, {1, 1, 1, 1, 1, 1, 1, 1}, 1.0f, 0.0f)};
  network.parameters[0].shape = {2, 1, 1, 1};
  network.parameters[1].shape = {2, 4};
  network::Conv2d conv;
  conv.weight = network::ParameterIndex(0);
  conv.out_channels = 2;
  network::Linear linear;
  linear.weight = network::ParameterIndex(1);
  linear.out_features = 2;
  network.nodes = {{"q", network::Quantize{1.0f / 255, 0}, {network::ValueIndex(0)}},
                   {"conv", conv, {network::ValueIndex(1)}},
                   {"relu", network::Relu{}, {network::ValueIndex(2)}},
                   {"q2", network::Quantize{1.0f / 255, 0}, {network::ValueIndex(3)}},
                   {"flat", network::Flatten{}, {network::ValueIndex(4)}},
                   {"fc", linear, {network::ValueIndex(5)}}};
  network::check(network, "cut");
  const std::optional<network::Network> cut = up_to_last_relu(network);
  ASSERT_TRUE(cut);
  EXPECT_EQ(cut->classes, 4);
  EXPECT_EQ(cut->parameters.size(), 1u);
  data::Dataset data;
  data.name = "two pixels";
  data.shape = network.input;
  data.classes = 2;
  data.pixels = {255, 0, 255, 255};
  data.labels = {0, 1};
  const auto engine = engines::make_engine("functional", network::share(*cut), 1);
  engine->set_codes(network::clean_codes(*cut));
  const std::vector<float> found = run_images(*engine, cut->classes, data, 2, 1);
  // Channel 0 shows the pixels, channel 1 their negative, which the ReLU removes.
  EXPECT_EQ(found, (std::vector<float>{1, 0, 0, 0, 1, 1, 0, 0}));
  EXPECT_DOUBLE_EQ(nonzero_share(found), 3.0 / 8);
  network::Network without = network;
  without.nodes = {network.nodes[0]};
  EXPECT_FALSE(up_to_last_relu(without));
}

}  // namespace
}  // namespace brownout::study
