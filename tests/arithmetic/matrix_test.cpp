// SPDX-License-Identifier: Apache-2.0
// The matrix unit against sums written out by hand.
#include "sim/arithmetic/matrix.hpp"

#include <gtest/gtest.h>

#include <vector>

#include "sim/arithmetic/decode.hpp"
#include "sim/arithmetic/dequantize.hpp"

namespace brownout::arithmetic {
namespace {

/// A square 3×3 window on a 2×2 image, padded by one all around.
Matrix padded(int in_channels, int out_channels, int groups) {
  Matrix matrix;
  matrix.window = {2, 2, 2, 2, 3, 3, 1, 1, 1, 1};
  matrix.in_channels = in_channels;
  matrix.out_channels = out_channels;
  matrix.groups = groups;
  return matrix;
}

TEST(Accumulate, PadsWithZeroAfterTheZeroPoint) {
  const std::vector<std::uint8_t> q{11, 12, 13, 14};  // q - z = 1 2 3 4
  const std::vector<std::int8_t> n{1, 2, 3, 4, 5, 6, 7, 8, 9};
  std::vector<std::int32_t> acc(4);
  accumulate(padded(1, 1, 1), q.data(), 10, n.data(), acc.data());
  // Top left output: the window's centre lies on 1, so 5·1 + 6·2 + 8·3 + 9·4.
  EXPECT_EQ(acc, (std::vector<std::int32_t>{77, 4 * 1 + 5 * 2 + 7 * 3 + 8 * 4,
                                            2 * 1 + 3 * 2 + 5 * 3 + 6 * 4,
                                            1 * 1 + 2 * 2 + 4 * 3 + 5 * 4}));
  std::vector<std::int32_t> sum(4);
  sum_lane(padded(1, 1, 1), q.data(), 10, sum.data());
  EXPECT_EQ(sum, (std::vector<std::int32_t>{10, 10, 10, 10}));
}

TEST(Accumulate, SkipsThePixelsBetweenTheTapsOfADilatedWindow) {
  // Two taps in a row, two pixels apart, on a row of five pixels with one pixel of padding.
  Matrix matrix;
  matrix.window = {1, 5, 1, 5, 1, 2, 1, 1, 0, 1};
  matrix.window.dilation_w = 2;
  EXPECT_EQ(matrix.window.reach_w(), 3);
  const std::vector<std::uint8_t> q{1, 2, 3, 4, 5};
  const std::vector<std::int8_t> n{10, 1};
  std::vector<std::int32_t> acc(5);
  std::vector<std::int32_t> sum(5);
  accumulate(matrix, q.data(), 0, n.data(), acc.data());
  sum_lane(matrix, q.data(), 0, sum.data());
  EXPECT_EQ(acc, (std::vector<std::int32_t>{2, 13, 24, 35, 40}));
  EXPECT_EQ(sum, (std::vector<std::int32_t>{2, 4, 6, 8, 4}));
}

TEST(Accumulate, KeepsGroupsApart) {
  Matrix matrix;
  matrix.in_channels = 4;
  matrix.out_channels = 2;
  matrix.groups = 2;
  const std::vector<std::uint8_t> q{1, 2, 3, 4};
  const std::vector<std::int8_t> n{10, 20, -1, -2};
  std::vector<std::int32_t> acc(2);
  std::vector<std::int32_t> sum(2);
  accumulate(matrix, q.data(), 0, n.data(), acc.data());
  sum_lane(matrix, q.data(), 0, sum.data());
  EXPECT_EQ(acc, (std::vector<std::int32_t>{50, -11}));
  EXPECT_EQ(sum, (std::vector<std::int32_t>{3, 7}));
}

TEST(Accumulate, TakesDepthwiseFiltersChannelByChannel) {
  const std::vector<std::uint8_t> q{1, 5, 2, 6,
                                    3, 7, 4, 8};  // channel 0: 1 2 3 4, channel 1: 5 6 7 8
  std::vector<std::int8_t> n(18, 0);
  n[4] = 1;       // channel 0: the centre
  n[9 + 5] = -1;  // channel 1: minus the pixel to the right
  std::vector<std::int32_t> acc(8);
  accumulate(padded(2, 2, 2), q.data(), 0, n.data(), acc.data());
  EXPECT_EQ(acc, (std::vector<std::int32_t>{1, -6, 2, 0, 3, -8, 4, 0}));
}

TEST(Accumulate, MovesByTheStride) {
  Matrix matrix;
  matrix.window = {4, 4, 2, 2, 1, 1, 2, 2, 0, 0};
  std::vector<std::uint8_t> q(16);
  for (std::size_t i = 0; i < q.size(); ++i) q[i] = static_cast<std::uint8_t>(i);
  const std::int8_t n = 3;
  std::vector<std::int32_t> acc(4);
  accumulate(matrix, q.data(), 0, &n, acc.data());
  EXPECT_EQ(acc, (std::vector<std::int32_t>{0, 6, 24, 30}));
}

TEST(Accumulate, HoldsExtremeCodesWithoutSaturating) {
  Matrix matrix;
  matrix.in_channels = 4096;
  const std::vector<std::uint8_t> q(4096, 255);
  const std::vector<std::int8_t> n(4096, -128);
  std::int32_t acc = 0;
  accumulate(matrix, q.data(), 0, n.data(), &acc);
  EXPECT_EQ(acc, -128 * 255 * 4096);
}

TEST(Dequantize, RoundsEveryStepToFp32) {
  // Integers above 2^24 lose their last bit on the way to fp32, before anything is added.
  const Dequantization d(1.0f, 1.0f, 1.0f);
  EXPECT_EQ(dequantize(d, 16777217, 1, 0.0f), 16777216.0f);
  // The product is rounded before the bias is added.
  const Dequantization tenth(0.1f, 0.0f, 1.0f);
  const float product = 0.1f * 3.0f;
  EXPECT_EQ(dequantize(tenth, 3, 0, -product), 0.0f);
}

TEST(Dequantize, ScalesAlphaAndBetaByTheActivations) {
  const Dequantization d(0.5f, 0.25f, 2.0f);
  EXPECT_EQ(d.a, 1.0f);
  EXPECT_EQ(d.b, 0.5f);
  EXPECT_EQ(dequantize(d, 10, -4, 1.0f), 9.0f);
}

TEST(Dequantize, CallsTheSumIdleOnlyWhereItChangesNoBit) {
  EXPECT_TRUE(sum_is_idle(Dequantization(0.5f, 0.0f, 1.0f)));
  EXPECT_FALSE(sum_is_idle(Dequantization(0.5f, 0.1f, 1.0f)));
  // alpha = 0: a negative accumulator gives -0, which +0 turns into +0.
  EXPECT_FALSE(sum_is_idle(Dequantization(0.0f, 0.0f, 1.0f)));
  // s·alpha vanishes in fp32.
  EXPECT_FALSE(sum_is_idle(Dequantization(1e-30f, 0.0f, 1e-30f)));
}

TEST(Decode, GivesValuesOfCodedAndPlainParameters) {
  network::Parameter parameter;
  parameter.coding = network::Coding{network::Scheme::kRquant, 8, 0.5f, 0.25f};
  EXPECT_EQ(decode_parameter(parameter, {-127, 0, 2}), (std::vector<float>{-63.25f, 0.25f, 1.25f}));
  parameter.coding.reset();
  parameter.values = {7.0f};
  EXPECT_EQ(decode_parameter(parameter, {}), (std::vector<float>{7.0f}));
}

TEST(Decode, ReparameterizedScalesStartAtOne) {
  EXPECT_EQ(gamma(0.25f, true), 1.25f);
  EXPECT_EQ(gamma(0.25f, false), 0.25f);
}

}  // namespace
}  // namespace brownout::arithmetic
