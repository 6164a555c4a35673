// SPDX-License-Identifier: Apache-2.0
// Codes of a training step against sim/network/quantization.hpp; bit errors against their
// definition.
#include "trainers/method/weight_coder.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <numeric>

#include "sim/base/error.hpp"
#include "sim/base/random.hpp"

namespace brownout::trainers {
namespace {

using network::Role;
using network::Rounding;
using network::Scheme;

std::vector<network::Parameter> tensors() {
  std::vector<network::Parameter> list(3);
  list[0].role = Role::kWeight;
  list[0].shape = {40, 10, 3, 3};
  list[1].role = Role::kBias;
  list[1].shape = {40};
  list[2].role = Role::kScale;
  list[2].shape = {37};
  return list;
}

std::vector<float> random_weights(std::int64_t count) {
  const Philox random(3, Purpose::kTest);
  std::vector<float> w;
  for (std::int64_t i = 0; i < count; ++i) {
    w.push_back(
        static_cast<float>(unit_open(random(static_cast<std::uint64_t>(i))[0]) * 0.7 - 0.3));
  }
  return w;
}

struct Case {
  Scheme scheme;
  int bits;
  Rounding rounding;
};

class CoderSchemes : public testing::TestWithParam<Case> {};

TEST_P(CoderSchemes, EncodesAndDecodesAsTheQuantizationRoomDoes) {
  CodingChoice choice;
  choice.scheme = GetParam().scheme;
  choice.bits = GetParam().bits;
  choice.rounding = GetParam().rounding;
  WeightCoder coder(tensors(), choice);
  const std::vector<float> w = random_weights(coder.size());
  std::vector<float> decoded(w.size());
  coder.quantize(w.data(), decoded.data());
  for (std::size_t t = 0; t < coder.spans().size(); ++t) {
    const TensorSpan& span = coder.spans()[t];
    const network::Coding coding =
        network::fit(choice.scheme, choice.bits, w.data() + span.first, span.count);
    EXPECT_EQ(coder.codings()[t].alpha, coding.alpha);
    EXPECT_EQ(coder.codings()[t].beta, coding.beta);
    for (std::int64_t i = span.first; i < span.first + span.count; ++i) {
      const std::size_t at = static_cast<std::size_t>(i);
      const int n = network::encode(coding, w[at], choice.rounding);
      ASSERT_EQ(coder.n()[at], n) << "value " << w[at];
      ASSERT_EQ(decoded[at], network::decode(coding, n));
    }
  }
}

TEST_P(CoderSchemes, InjectedErrorsFlipBitsOfTheStoredCode) {
  CodingChoice choice;
  choice.scheme = GetParam().scheme;
  choice.bits = GetParam().bits;
  choice.rounding = GetParam().rounding;
  WeightCoder coder(tensors(), choice);
  const std::vector<float> w = random_weights(coder.size());
  std::vector<float> clean(w.size());
  coder.quantize(w.data(), clean.data());
  std::vector<float> decoded = clean;
  const std::int64_t flipped = coder.inject(9, 4, 0.2, decoded.data());
  // Every value must be one that some pattern of flipped bits decodes to, and some patterns must
  // occur.
  std::int64_t changed = 0;
  for (std::size_t t = 0; t < coder.spans().size(); ++t) {
    const network::Coding& coding = coder.codings()[t];
    for (std::int64_t i = 0; i < coder.spans()[t].count; ++i) {
      const std::size_t at = static_cast<std::size_t>(coder.spans()[t].first + i);
      bool found = false;
      for (std::uint32_t v = 0; v < (1u << coding.bits) && !found; ++v) {
        found =
            decoded[at] == network::decode(coding, network::n_of(coding.scheme, coding.bits, v));
      }
      ASSERT_TRUE(found) << decoded[at];
      changed += decoded[at] != clean[at] ? 1 : 0;
    }
  }
  EXPECT_GT(changed, 0);
  const double bits = static_cast<double>(coder.coded_size() * choice.bits);
  EXPECT_NEAR(static_cast<double>(flipped), 0.2 * bits, 5.0 * std::sqrt(bits * 0.2 * 0.8));
}

INSTANTIATE_TEST_SUITE_P(Schemes, CoderSchemes,
                         testing::Values(Case{Scheme::kRquant, 8, Rounding::kNearest},
                                         Case{Scheme::kRquant, 4, Rounding::kTruncate},
                                         Case{Scheme::kRquant, 2, Rounding::kNearest},
                                         Case{Scheme::kUniform, 8, Rounding::kNearest},
                                         Case{Scheme::kUniform, 1, Rounding::kNearest},
                                         Case{Scheme::kSymmetric, 8, Rounding::kTruncate},
                                         Case{Scheme::kSymmetric, 3, Rounding::kNearest},
                                         Case{Scheme::kAsymmetricSigned, 8, Rounding::kTruncate},
                                         Case{Scheme::kBinary, 1, Rounding::kNearest}));

TEST(WeightCoder, OneRangeForAllTensorsIsTheLargestMagnitude) {
  CodingChoice choice;
  choice.scheme = Scheme::kSymmetric;
  choice.global_range = true;
  WeightCoder coder(tensors(), choice);
  std::vector<float> w = random_weights(coder.size());
  w.back() = -2.0f;
  std::vector<float> decoded(w.size());
  coder.quantize(w.data(), decoded.data());
  for (const network::Coding& coding : coder.codings()) {
    EXPECT_EQ(coding.alpha, static_cast<float>(2.0 / 127.0));
  }
}

TEST(WeightCoder, ClippingReachesCodedTensorsOnly) {
  CodingChoice choice;
  choice.coded_roles = {Role::kWeight};
  const WeightCoder coder(tensors(), choice);
  std::vector<float> w(static_cast<std::size_t>(coder.size()), 0.5f);
  w[0] = -0.5f;
  coder.clip(0.1f, w.data());
  EXPECT_EQ(w[0], -0.1f);
  EXPECT_EQ(w[1], 0.1f);
  EXPECT_EQ(w.back(), 0.5f);
}

TEST(WeightCoder, UncodedTensorsAreNeitherQuantizedNorHit) {
  CodingChoice choice;
  choice.coded_roles = {Role::kBias};
  WeightCoder coder(tensors(), choice);
  const std::vector<float> w = random_weights(coder.size());
  std::vector<float> decoded(w.size());
  coder.quantize(w.data(), decoded.data());
  coder.inject(1, 1, 0.5, decoded.data());
  EXPECT_EQ(coder.coded_size(), 40);
  for (std::size_t i = 0; i < w.size(); ++i) {
    const bool coded = i >= 3600 && i < 3640;
    if (!coded) {
      ASSERT_EQ(decoded[i], w[i]);
    }
  }
}

TEST(WeightCoder, ErrorsDependOnSeedAndStepAlone) {
  WeightCoder coder(tensors(), {});
  const std::vector<float> w = random_weights(coder.size());
  std::vector<float> clean(w.size());
  coder.quantize(w.data(), clean.data());
  const auto draw = [&](std::uint64_t seed, std::uint64_t step) {
    std::vector<float> decoded = clean;
    coder.inject(seed, step, 0.01, decoded.data());
    return decoded;
  };
  EXPECT_EQ(draw(7, 3), draw(7, 3));
  EXPECT_NE(draw(7, 3), draw(7, 4));
  EXPECT_NE(draw(7, 3), draw(8, 3));
}

TEST(WeightCoder, EveryBitPositionIsHitAlike) {
  // Zero weights with a wide range: a flipped bit of v shows as a power of two in n.
  CodingChoice choice;
  choice.scheme = Scheme::kUniform;
  std::vector<network::Parameter> one(1);
  one[0].shape = {50000};
  WeightCoder coder(one, choice);
  std::vector<float> w(50000, 0.0f);
  w[0] = -1.0f;
  w[1] = 1.0f;
  std::vector<float> clean(w.size());
  coder.quantize(w.data(), clean.data());
  std::vector<std::int64_t> hits(8, 0);
  for (std::uint64_t step = 0; step < 20; ++step) {
    std::vector<float> decoded = clean;
    coder.inject(1, step, 0.001, decoded.data());
    const network::Coding& coding = coder.codings()[0];
    for (std::size_t i = 2; i < w.size(); ++i) {
      if (decoded[i] == clean[i]) continue;
      const std::uint32_t before = network::code_of(coding, coder.n()[i]);
      const std::uint32_t after =
          network::code_of(coding, network::encode(coding, decoded[i], Rounding::kNearest));
      for (std::size_t b = 0; b < 8; ++b) hits[b] += ((before ^ after) >> b) & 1;
    }
  }
  const double expected = 20 * 50000 * 0.001;
  for (const std::int64_t count : hits) {
    EXPECT_NEAR(static_cast<double>(count), expected, 5.0 * std::sqrt(expected));
  }
}

TEST(WeightCoder, AWeightThatIsNotFiniteFailsTheRun) {
  WeightCoder coder(tensors(), {});
  for (const float bad : {NAN, INFINITY, -INFINITY}) {
    std::vector<float> w = random_weights(coder.size());
    w[1234] = bad;
    std::vector<float> decoded(w.size());
    EXPECT_THROW(coder.quantize(w.data(), decoded.data()), RunError) << bad;
  }
}

}  // namespace
}  // namespace brownout::trainers
