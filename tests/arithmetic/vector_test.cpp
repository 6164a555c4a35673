// SPDX-License-Identifier: Apache-2.0
// The vector operators, number by number, with the edge cases of IEEE 754.
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "sim/arithmetic/activation.hpp"
#include "sim/arithmetic/elementwise.hpp"
#include "sim/arithmetic/input.hpp"
#include "sim/arithmetic/norm.hpp"
#include "sim/arithmetic/pool.hpp"
#include "sim/arithmetic/requantize.hpp"

namespace brownout::arithmetic {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();
const float kNan = std::numeric_limits<float>::quiet_NaN();

TEST(Requantize, RoundsHalvesToEven) {
  EXPECT_EQ(requantize(0.5f, 1.0f, 0), 0);
  EXPECT_EQ(requantize(1.5f, 1.0f, 0), 2);
  EXPECT_EQ(requantize(2.5f, 1.0f, 0), 2);
  EXPECT_EQ(requantize(-0.5f, 1.0f, 100), 100);
  EXPECT_EQ(requantize(-1.5f, 1.0f, 100), 98);
}

TEST(Requantize, ClampsBeforeTheConversion) {
  EXPECT_EQ(requantize(1e30f, 1.0f, 7), 255);
  EXPECT_EQ(requantize(-1e30f, 1.0f, 7), 0);
  EXPECT_EQ(requantize(kInfinity, 1.0f, 7), 255);
  EXPECT_EQ(requantize(-kInfinity, 1.0f, 7), 0);
}

TEST(Requantize, PutsNanAtTheZeroPoint) { EXPECT_EQ(requantize(kNan, 1.0f, 7), 7); }

TEST(Requantize, DividesTruly) {
  // The quotient is 6.5 and rounds to even; the product with fl(1/s) lies above 6.5.
  const float s = 0.03f;
  const float y = 6.5f * s;
  ASSERT_EQ(y / s, 6.5f);
  ASSERT_GT(y * (1.0f / s), 6.5f);
  EXPECT_EQ(requantize(y, s, 0), 6);
}

TEST(Activations, TreatZeroAndNanAsDefined) {
  EXPECT_EQ(relu(3.0f), 3.0f);
  EXPECT_FALSE(std::signbit(relu(-0.0f)));
  EXPECT_EQ(relu(kNan), 0.0f);
  EXPECT_EQ(sign(0.0f), -1.0f);
  EXPECT_EQ(sign(kNan), -1.0f);
  EXPECT_EQ(sign(1e-40f), 1.0f);
  EXPECT_EQ(clip(-1.5f, -1.0f, 1.0f), -1.0f);
  EXPECT_EQ(clip(1.5f, -1.0f, 1.0f), 1.0f);
  EXPECT_EQ(clip(0.25f, -1.0f, 1.0f), 0.25f);
  EXPECT_TRUE(std::isnan(clip(kNan, -1.0f, 1.0f)));
}

TEST(Residual, AddsTheValueOfTheCode) {
  EXPECT_EQ(residual_add(1.0f, 12, 0.5f, 10), 2.0f);
  EXPECT_EQ(residual_add(1.0f, 0, 0.5f, 10), -4.0f);
}

TEST(GroupNorm, HasTheMeanAndDeviationOfTheGroup) {
  // Two channels of two pixels: 1 3 and 5 7. Mean 4, variance 5.
  double s1[2] = {0.0, 0.0};
  double s2[2] = {0.0, 0.0};
  add_to_sums(1.0f, s1[0], s2[0]);
  add_to_sums(3.0f, s1[0], s2[0]);
  add_to_sums(5.0f, s1[1], s2[1]);
  add_to_sums(7.0f, s1[1], s2[1]);
  const GroupStatistics group = group_statistics(s1, s2, 2, 2, 1e-5f);
  EXPECT_EQ(group.mean, 4.0f);
  EXPECT_EQ(group.reciprocal, static_cast<float>(1.0 / std::sqrt(5.0 + double{1e-5f})));
  const Affine affine = group_norm_affine(group, 2.0f, 0.5f);
  EXPECT_EQ(apply(affine, 4.0f), 0.5f);
  EXPECT_EQ(apply(affine, 5.0f), group.reciprocal * 2.0f + 0.5f);
}

TEST(GroupNorm, NeverSeesANegativeVariance) {
  // Equal numbers whose squares do not sum exactly: S2/N - mean² may fall below 0.
  double s1 = 0.0;
  double s2 = 0.0;
  for (int i = 0; i < 3; ++i) add_to_sums(0.1f, s1, s2);
  EXPECT_LE(group_statistics(&s1, &s2, 1, 3, 1e-5f).reciprocal,
            static_cast<float>(1.0 / std::sqrt(double{1e-5f})));
  double low1 = 3.0;
  double low2 = 2.0;  // variance 2/1 - 9 < 0
  EXPECT_EQ(group_statistics(&low1, &low2, 1, 1, 0.25f).reciprocal, 2.0f);
}

TEST(GroupNorm, OfAPixelAloneHasTheStatisticsOfItsChannels) {
  const float y[] = {1.0f, 3.0f, 5.0f, 7.0f};  // mean 4, variance 5
  const GroupStatistics pixel = pixel_statistics(y, 4, 1e-5f);
  EXPECT_EQ(pixel.mean, 4.0f);
  EXPECT_EQ(pixel.reciprocal, static_cast<float>(1.0 / std::sqrt(5.0 + double{1e-5f})));
}

TEST(LocalResponseNorm, DividesByAPowerOfTheNeighboursSquares) {
  // Windows of 3 channels: 0 and 1; 0, 1 and 2; and so on. Of 2 channels: c and c + 1.
  network::LocalResponseNorm op;
  op.size = 3;
  op.alpha = 3.0f;
  op.bias = 2.0f;
  const float y[] = {1.0f, 3.0f, -2.0f, 0.0f};
  op.quarters = 4;  // 1/s
  EXPECT_EQ(local_response_factor(op, y, 4, 0), static_cast<float>(1.0 / 12.0));
  EXPECT_EQ(local_response_factor(op, y, 4, 1), 1.0f / 16.0f);  // 16 has an exact fourth root
  EXPECT_NEAR(local_response_factor(op, y, 4, 3), 1.0f / 6.0f, 1e-7f);
  op.quarters = 3;
  EXPECT_EQ(local_response_factor(op, y, 4, 1), 1.0f / 8.0f);
  op.quarters = 1;
  EXPECT_EQ(local_response_factor(op, y, 4, 1), 0.5f);
  op.size = 2;
  op.alpha = 2.0f;
  op.bias = 3.0f;
  EXPECT_EQ(local_response_factor(op, y, 4, 1), 0.5f);  // 3 + 9 + 4
}

TEST(BatchNorm, UsesRunningStatistics) {
  const Affine affine = batch_norm_affine(2.0f, 4.0f, 0.0f, 3.0f, 1.0f);
  EXPECT_EQ(affine.factor, 1.5f);
  EXPECT_EQ(apply(affine, 4.0f), 4.0f);
}

TEST(MaxPool, PadsWithMinusInfinityAndSkipsNan) {
  const Window window{2, 2, 2, 2, 2, 2, 1, 1, 1, 1};
  const std::vector<float> y{-1.0f, kNan, -3.0f, -2.0f};
  std::vector<float> out(4);
  max_pool(window, 1, y.data(), out.data());
  EXPECT_EQ(out[0], -1.0f);
  EXPECT_EQ(out[1], -1.0f);
  EXPECT_EQ(out[2], -1.0f);
  EXPECT_EQ(out[3], -1.0f);
  const Window single{1, 1, 1, 1, 1, 1, 1, 1, 0, 0};
  max_pool(single, 1, &y[1], out.data());
  EXPECT_EQ(out[0], -kInfinity);
}

TEST(MaxPool, WorksChannelByChannel) {
  const Window window{1, 2, 1, 1, 1, 2, 1, 2, 0, 0};
  const std::vector<float> y{1.0f, 8.0f, 2.0f, 7.0f};
  std::vector<float> out(2);
  max_pool(window, 2, y.data(), out.data());
  EXPECT_EQ(out, (std::vector<float>{2.0f, 8.0f}));
}

TEST(AveragePool, DividesByThePixelsInsideOrByTheWholeWindow) {
  const Window window{1, 2, 1, 2, 1, 2, 1, 1, 0, 1};  // first window: padding and pixel 0
  const std::vector<float> y{4.0f, 6.0f};
  std::vector<float> out(2);
  average_pool(window, 1, false, y.data(), out.data());
  EXPECT_EQ(out, (std::vector<float>{4.0f, 5.0f}));
  average_pool(window, 1, true, y.data(), out.data());
  EXPECT_EQ(out, (std::vector<float>{2.0f, 5.0f}));
}

TEST(AveragePool, AddsInFp64) {
  // In fp32 the small number would vanish: 2^25 + 1 - 2^25.
  const Window window{1, 3, 1, 1, 1, 3, 1, 3, 0, 0};
  const std::vector<float> y{33554432.0f, 1.0f, -33554432.0f};
  float out = 0.0f;
  average_pool(window, 1, false, y.data(), &out);
  EXPECT_EQ(out, static_cast<float>(1.0 / 3.0));
}

TEST(Input, NormalizesInFp64) {
  EXPECT_EQ(normalize_pixel(0, 0.0f, 1.0f), 0.0f);
  EXPECT_EQ(normalize_pixel(255, 0.5f, 0.25f), 2.0f);
  EXPECT_EQ(normalize_pixel(51, 0.0f, 1.0f), static_cast<float>(0.2));
}

TEST(Input, TableHoldsTheCodeOfEveryPixel) {
  const auto plain = input_table(0.0f, 1.0f, 1.0f / 255.0f, 0);
  for (std::size_t pixel = 0; pixel < 256; ++pixel) EXPECT_EQ(plain[pixel], pixel);
  const auto centred = input_table(0.5f, 0.5f, 1.0f / 64.0f, 128);
  EXPECT_EQ(centred[0], 64);
  EXPECT_EQ(centred[255], 192);
  const auto clamped = input_table(0.5f, 0.5f, 1.0f / 256.0f, 128);
  EXPECT_EQ(clamped[0], 0);
  EXPECT_EQ(clamped[255], 255);
}

TEST(Activations, AreKnownByTheirOperators) {
  EXPECT_EQ(activation_of(network::Relu{}), Activation::kRelu);
  EXPECT_EQ(activation_of(network::Sign{}), Activation::kSign);
  EXPECT_EQ(activation_of(network::Clip{}), Activation::kClip);
  EXPECT_EQ(activation_of(network::PRelu{}), Activation::kPRelu);
  EXPECT_EQ(activation_of(network::MaxPool{}), Activation::kNone);
  EXPECT_FALSE(kIsActivation<network::Conv2d>);
}

}  // namespace
}  // namespace brownout::arithmetic
