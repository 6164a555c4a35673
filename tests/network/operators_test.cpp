// SPDX-License-Identifier: Apache-2.0
// Operators that choose, join, multiply and look up values: what is refused, and by which message.
#include <gmock/gmock.h>

#include <limits>

#include "sim/base/error.hpp"
#include "sim/network/formula.hpp"
#include "tests/network/built_networks.hpp"

namespace brownout::network {
namespace {

using testing::HasSubstr;

constexpr Coding kCoding{Scheme::kSymmetric, 8, 0.01f, 0.0f};

/// Quantize, an operator of codes or numbers, and whatever it takes to end in two classes.
std::string refusal(const Operator& op, bool codes, std::vector<ValueIndex> more = {}) {
  Builder b({2, 2, 2}, 2);
  const ValueIndex q = b.add(Quantize{0.1f, 3});
  const ValueIndex numbers = b.add(Dequantize{}, {q});
  std::vector<ValueIndex> inputs{codes ? q : numbers};
  inputs.insert(inputs.end(), more.begin(), more.end());
  b.add(op, inputs);
  try {
    check(b.network(), "net");
  } catch (const InputError& error) {
    return error.text();
  }
  return "accepted";
}

const ValueIndex kCodes(1), kNumbers(2);

TEST(Operators, RefuseWhatDoesNotFit) {
  constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
  EXPECT_THAT(refusal(Clip{1.0f, 1.0f}, false), HasSubstr("clips to 1 to 1, expected two finite"));
  EXPECT_THAT(refusal(Clip{kNan, 1.0f}, false), HasSubstr("clips to nan to 1"));
  EXPECT_THAT(refusal(PRelu{{}}, false), HasSubstr("has 0 slopes, expected 1"));
  EXPECT_THAT(refusal(PRelu{{0.1f, 0.2f, 0.3f}}, false), HasSubstr("has 3 slopes"));
  EXPECT_THAT(refusal(PRelu{{kNan}}, false), HasSubstr("has slope nan"));
  EXPECT_THAT(refusal(SelectChannels{{}}, true), HasSubstr("selects 0 channels"));
  EXPECT_THAT(refusal(SelectChannels{{0, 2}}, true), HasSubstr("channel 2, expected 0 to 1"));
  EXPECT_THAT(refusal(SelectChannels{{-1}}, false), HasSubstr("channel -1, expected 0 to 1"));
  EXPECT_THAT(refusal(Dequantize{}, false), HasSubstr("which is not quantized"));
  EXPECT_THAT(refusal(Clip{0.0f, 6.0f}, true), HasSubstr("which is quantized"));
  EXPECT_THAT(refusal(Unflatten{}, true), HasSubstr("reads an image of 2x2x2, expected a vector"));
  EXPECT_THAT(refusal(LocalResponseNorm{0, 1.0f, 1.0f, 3}, false),
              HasSubstr("has 0 channels in a window, expected 1"));
  EXPECT_THAT(refusal(LocalResponseNorm{5, kNan, 1.0f, 3}, false), HasSubstr("has alpha nan"));
  EXPECT_THAT(refusal(LocalResponseNorm{5, 1.0f, 0.0f, 3}, false), HasSubstr("and bias 0"));
  EXPECT_THAT(refusal(LocalResponseNorm{5, 1.0f, 1.0f, 9}, false), HasSubstr("exponent 9/4"));
  GroupNorm thirds;
  thirds.groups = 3;
  thirds.each_pixel = true;
  EXPECT_THAT(refusal(thirds, false), HasSubstr("(layer_norm): has 3 groups"));
}

TEST(Operators, JoinAndMultiplyCodesOfOneSize) {
  EXPECT_THAT(refusal(Concat{}, true), HasSubstr("has 1 inputs, expected 2 to 1024"));
  EXPECT_THAT(refusal(Concat{}, true, {kNumbers}), HasSubstr("joins value 2, which is not"));
  EXPECT_THAT(refusal(Concat{}, true, {ValueIndex(7)}), HasSubstr("reads value 7"));
  EXPECT_THAT(refusal(Multiply{}, false), HasSubstr("has 1 inputs, expected 2"));
  EXPECT_THAT(refusal(Multiply{}, false, {kNumbers}), HasSubstr("multiplies by value 2, which"));
  EXPECT_THAT(refusal(Multiply{}, true, {kCodes}), HasSubstr("which is quantized"));
  Builder b({2, 2, 2}, 2);
  const ValueIndex q = b.add(Quantize{0.1f, 3});
  const ValueIndex one = b.add(SelectChannels{{0}}, {q});
  const ValueIndex numbers = b.add(Dequantize{}, {q});
  b.add(Multiply{}, {numbers, one});
  try {
    check(b.network(), "net");
    FAIL() << "no error";
  } catch (const InputError& error) {
    EXPECT_THAT(error.text(), HasSubstr("multiplies 2x2x2 by 1x2x2, expected equal shapes"));
  }
}

TEST(Operators, NormalizeThePixelsOfImagesOnly) {
  Builder b({2, 2, 2}, 2);
  const ValueIndex q = b.add(Quantize{0.1f, 3});
  b.add(Dequantize{}, {b.add(Flatten{}, {q})});
  GroupNorm norm;
  norm.each_pixel = true;
  b.add(norm);
  try {
    check(b.network(), "net");
    FAIL() << "no error";
  } catch (const InputError& error) {
    EXPECT_THAT(error.text(), HasSubstr("(layer_norm): reads a flattened value"));
  }
}

TEST(Operators, ReachAsFarAsTheirDilation) {
  const auto refused = [](std::array<int, 2> dilation) {
    Builder b({1, 6, 6}, 1);
    Conv2d conv;
    conv.out_channels = 1;
    conv.kernel = {3, 3};
    conv.dilation = dilation;
    b.add(Quantize{0.1f, 3});
    b.add(conv);
    try {
      check(b.network(), "net");
    } catch (const InputError& error) {
      return std::string(error.text());
    }
    return std::string("accepted");
  };
  EXPECT_THAT(refused({0, 1}), HasSubstr("has 0 as dilation"));
  EXPECT_THAT(refused({3, 1}), HasSubstr("a window of 7 on an image of 6"));
  EXPECT_THAT(refused({1 << 19, 1}), HasSubstr("reaches over 1048577 pixels"));
  EXPECT_THAT(refused({2, 2}), HasSubstr("has no weight"));
}

TEST(Operators, LookUpInTheWholeTableOfAFormula) {
  const auto lookup = [](std::string formula, std::size_t entries, float number = 0.5f) {
    return Lookup{std::move(formula), std::vector<float>(entries, number)};
  };
  EXPECT_THAT(refusal(lookup("x tanh", 255), true), HasSubstr("a table of 255 numbers"));
  EXPECT_THAT(refusal(lookup("x tanh", 0), true), HasSubstr("a table of 0 numbers"));
  EXPECT_THAT(refusal(lookup("x tan", 256), true), HasSubstr("neither a number nor a function"));
  EXPECT_THAT(refusal(lookup("x", 256, std::numeric_limits<float>::infinity()), true),
              HasSubstr("entry 0 of its table is inf"));
  EXPECT_THAT(refusal(lookup("x tanh", 256), false), HasSubstr("which is not quantized"));
}

TEST(Operators, DecodingsByChannelAreOneForEach) {
  const auto with = [](std::vector<Decoding> channels, float alpha) {
    Builder b({2, 1, 1}, 3);
    b.add(Quantize{0.1f, 3});
    Coding coding = kCoding;
    coding.alpha = alpha;
    b.add(Conv2d{b.parameter(Role::kWeight, {3, 2, 1, 1}, coding), {}, 3});
    b.network().parameters[0].channels = std::move(channels);
    try {
      check(b.network(), "net");
    } catch (const InputError& error) {
      return error.text();
    }
    return std::string("accepted");
  };
  EXPECT_EQ(with({{0.1f, 0.0f}, {0.2f, 0.0f}, {0.3f, 0.0f}}, 1.0f), "accepted");
  EXPECT_THAT(with({{0.1f, 0.0f}}, 1.0f),
              HasSubstr("has 1 decodings by channel, expected one for"));
  EXPECT_THAT(with({{0.1f, 0.0f}, {-0.2f, 0.0f}, {0.3f, 0.0f}}, 1.0f),
              HasSubstr("channel 1: alpha is -0.2"));
  EXPECT_THAT(with({{0.1f, 0.0f}, {0.2f, 0.0f}, {0.3f, 0.5f}}, 1.0f),
              HasSubstr("channel 2: beta is 0.5, scheme symmetric expects 0"));
  // Two sets of numbers would let a reader take the wrong one.
  EXPECT_THAT(with({{0.1f, 0.0f}, {0.2f, 0.0f}, {0.3f, 0.0f}}, 0.5f),
              HasSubstr("alpha is 0.5 beside decodings by channel, expected 1"));
}

}  // namespace
}  // namespace brownout::network
