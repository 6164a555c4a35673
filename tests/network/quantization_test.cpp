// SPDX-License-Identifier: Apache-2.0
// Every scheme and width: ranges, rounding, bijective clean codes, decoding of any code.
#include "sim/network/quantization.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <set>

#include "sim/base/error.hpp"
#include "sim/base/random.hpp"
#include "tests/network/same_network.hpp"

namespace brownout::network {
namespace {

struct Case {
  Scheme scheme;
  int bits;
};

std::vector<Case> all_cases() {
  std::vector<Case> cases = {{Scheme::kBinary, 1}, {Scheme::kUniform, 1}};
  for (int bits = 2; bits <= 8; ++bits) {
    for (const Scheme scheme :
         {Scheme::kRquant, Scheme::kUniform, Scheme::kSymmetric, Scheme::kAsymmetricSigned}) {
      cases.push_back({scheme, bits});
    }
  }
  return cases;
}

class EveryScheme : public testing::TestWithParam<Case> {
 protected:
  Coding fitted(double lo, double hi) const {
    return fit(GetParam().scheme, GetParam().bits, lo, hi);
  }
};

INSTANTIATE_TEST_SUITE_P(Codes, EveryScheme, testing::ValuesIn(all_cases()),
                         [](const auto& tested) {
                           std::string name = to_string(tested.param.scheme) + "_" +
                                              std::to_string(tested.param.bits);
                           for (char& c : name) c = c == '-' ? '_' : c;
                           return name;
                         });

TEST_P(EveryScheme, CleanCodesAreBijective) {
  const Coding coding = fitted(-0.7, 1.3);
  std::set<std::uint32_t> codes;
  for (int n = n_low(coding); n <= n_high(coding); ++n) {
    if (coding.scheme == Scheme::kBinary && n == 0) continue;
    const std::uint32_t v = code_of(coding, n);
    EXPECT_LT(v, 1u << coding.bits);
    EXPECT_EQ(n_of(coding.scheme, coding.bits, v), n);
    EXPECT_TRUE(codes.insert(v).second) << "n " << n;
  }
}

TEST_P(EveryScheme, EveryCodeDecodesWithinEightBits) {
  const Coding coding = fitted(-0.7, 1.3);
  for (std::uint32_t v = 0; v < (1u << coding.bits); ++v) {
    const int n = n_of(coding.scheme, coding.bits, v);
    EXPECT_GE(n, -(1 << (coding.bits - 1)));
    EXPECT_LE(n, coding.scheme == Scheme::kBinary ? 1 : (1 << (coding.bits - 1)) - 1);
  }
}

TEST_P(EveryScheme, RoundsToTheNearestValueOfItsRange) {
  if (GetParam().scheme == Scheme::kBinary) return;
  const Philox philox(1, Purpose::kTest);
  for (std::uint64_t i = 0; i < 300; ++i) {
    const double a = unit_open(philox(i)[0]) * 4.0 - 2.0;
    const double b = unit_open(philox(i)[1]) * 4.0 - 2.0;
    const Coding coding = fitted(std::min(a, b), std::max(a, b));
    const auto w = static_cast<float>(a + (b - a) * unit_open(philox(i)[2]));
    const int n = encode(coding, w, Rounding::kNearest);
    const int truncated = encode(coding, w, Rounding::kTruncate);
    ASSERT_GE(n, n_low(coding));
    ASSERT_LE(n, n_high(coding));
    const double exact = (double{w} - double{coding.beta}) / double{coding.alpha};
    // Values inside the range are never clamped, so half a step is the most that is lost.
    EXPECT_LE(std::abs(exact - n), 0.5 + 1e-4) << i;
    EXPECT_LT(std::abs(exact - truncated), 1.0 + 1e-4) << i;
    EXPECT_LE(std::abs(truncated), std::abs(exact) + 1e-4) << i;
    EXPECT_NEAR(double{decode(coding, n)}, double{w}, 0.501 * double{coding.alpha} + 1e-6) << i;
  }
}

TEST_P(EveryScheme, ReachesBothEndsOfTheRange) {
  const Coding coding = fitted(-1.0, 1.0);
  EXPECT_EQ(encode(coding, -1.0f, Rounding::kNearest), n_low(coding));
  EXPECT_EQ(encode(coding, 1.0f, Rounding::kNearest), n_high(coding));
  EXPECT_NEAR(decode(coding, n_low(coding)), -1.0f, 1e-6f);
  EXPECT_NEAR(decode(coding, n_high(coding)), 1.0f, 1e-6f);
}

TEST_P(EveryScheme, ClampsValuesOutsideTheRange) {
  const Coding coding = fitted(-0.5, 0.5);
  EXPECT_EQ(encode(coding, 9.0f, Rounding::kNearest), n_high(coding));
  EXPECT_EQ(encode(coding, -9.0f, Rounding::kTruncate), n_low(coding));
  EXPECT_EQ(encode(coding, 3.4e38f, Rounding::kNearest), n_high(coding));
}

TEST_P(EveryScheme, EqualRangesDecodeToTheirValue) {
  const Scheme scheme = GetParam().scheme;
  if (scheme == Scheme::kBinary || scheme == Scheme::kSymmetric) return;
  const Coding coding = fitted(0.3f, 0.3f);
  EXPECT_EQ(coding.alpha, 0.0f);
  EXPECT_EQ(coding.beta, 0.3f);
  EXPECT_EQ(encode(coding, 0.3f, Rounding::kNearest), 0);
  for (std::uint32_t v = 0; v < (1u << coding.bits); ++v) {
    EXPECT_EQ(decode(coding, n_of(scheme, coding.bits, v)), 0.3f);
  }
}

TEST(Quantization, FollowsTheDefinitionsLiterally) {
  const Coding rquant = fit(Scheme::kRquant, 8, -0.1, 0.3);
  EXPECT_EQ(rquant.alpha, static_cast<float>((0.3 + 0.1) / 254.0));
  EXPECT_EQ(rquant.beta, static_cast<float>((0.3 - 0.1) / 2.0));
  EXPECT_EQ(n_of(Scheme::kRquant, 8, 0), -127);  // v = 0 is never stored and reads as 1
  EXPECT_EQ(n_of(Scheme::kRquant, 8, 1), -127);
  EXPECT_EQ(n_of(Scheme::kRquant, 8, 255), 127);

  const Coding uniform = fit(Scheme::kUniform, 4, -0.1, 0.3);
  EXPECT_EQ(uniform.alpha, static_cast<float>(0.4 / 15.0));
  EXPECT_EQ(uniform.beta, static_cast<float>(-0.1 + 0.4 / 15.0 * 8.0));
  EXPECT_EQ(n_low(uniform), -8);
  EXPECT_EQ(n_high(uniform), 7);

  const Coding symmetric = fit(Scheme::kSymmetric, 8, -0.1, 0.3);
  EXPECT_EQ(symmetric.alpha, static_cast<float>(0.3 / 127.0));
  EXPECT_EQ(symmetric.beta, 0.0f);
  EXPECT_EQ(code_of(symmetric, -1), 255u);
  EXPECT_EQ(n_of(Scheme::kSymmetric, 8, 128), -128);

  const Coding binary = fit(Scheme::kBinary, 1, -0.1, 0.3);
  EXPECT_EQ(binary.alpha, 1.0f);
  EXPECT_EQ(binary.beta, 0.0f);
  EXPECT_EQ(encode(binary, 0.0f, Rounding::kNearest), -1);
  EXPECT_EQ(encode(binary, 1e-30f, Rounding::kNearest), 1);
}

TEST(Quantization, RoundsTiesToEvenAndTruncatesTowardZero) {
  const Coding coding{Scheme::kSymmetric, 8, 1.0f, 0.0f};
  EXPECT_EQ(encode(coding, 2.5f, Rounding::kNearest), 2);
  EXPECT_EQ(encode(coding, 3.5f, Rounding::kNearest), 4);
  EXPECT_EQ(encode(coding, -2.5f, Rounding::kNearest), -2);
  EXPECT_EQ(encode(coding, 2.9f, Rounding::kTruncate), 2);
  EXPECT_EQ(encode(coding, -2.9f, Rounding::kTruncate), -2);
}

TEST(Quantization, FitsTheRangeOfValues) {
  const std::vector<float> values = {0.5f, -0.25f, 0.125f};
  const Coding coding = fit(Scheme::kRquant, 8, values.data(), 3);
  const Coding expected = fit(Scheme::kRquant, 8, -0.25, 0.5);
  EXPECT_EQ(coding.alpha, expected.alpha);
  EXPECT_EQ(coding.beta, expected.beta);
  const float broken = std::nanf("");
  EXPECT_THROW(fit(Scheme::kRquant, 8, &broken, 1), std::logic_error);
}

TEST(Quantization, NamesAndWidthsAreChecked) {
  EXPECT_EQ(scheme_from_string("asymmetric-signed"), Scheme::kAsymmetricSigned);
  EXPECT_EQ(to_string(Rounding::kTruncate), "truncate");
  EXPECT_EQ(input_error([] { scheme_from_string("rqant"); }),
            "unknown quantization scheme \"rqant\", expected one of: rquant, uniform, symmetric, "
            "asymmetric-signed, binary");
  EXPECT_EQ(input_error([] { check_bits(Scheme::kRquant, 1); }),
            "scheme rquant takes 2 to 8 bits, got 1");
  EXPECT_EQ(input_error([] { check_bits(Scheme::kBinary, 8); }),
            "scheme binary takes 1 bits, got 8");
  EXPECT_EQ(input_error([] { check_bits(Scheme::kUniform, 9); }),
            "scheme uniform takes 1 to 8 bits, got 9");
  EXPECT_NE(input_error([] { fit(Scheme::kRquant, 2, -3e38 * 3, 3e38 * 3); }), "no error");
}

}  // namespace
}  // namespace brownout::network
