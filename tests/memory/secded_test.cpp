// SPDX-License-Identifier: Apache-2.0
// One wrong bit is corrected, two are detected, three are sometimes miscorrected, exactly as the
// matrix says; independent errors give the closed form's share of uncorrectable words.
#include "sim/memory/secded.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <set>

namespace brownout::memory {
namespace {

/// A stored word with bits of 72 wrong: 0 to 63 data, 64 to 71 check.
DecodedWord read(std::uint64_t data, std::initializer_list<int> wrong) {
  std::uint8_t check = secded_encode(data);
  for (const int bit : wrong) {
    if (bit < 64) {
      data ^= std::uint64_t{1} << bit;
    } else {
      check = static_cast<std::uint8_t>(check ^ 1 << (bit - 64));
    }
  }
  return secded_decode(data, check);
}

TEST(Secded, ColumnsAreDistinctOddAndBalanced) {
  std::set<int> columns;
  int covered[8] = {};
  for (const std::uint8_t column : kSecdedColumns) {
    columns.insert(column);
    int weight = 0;
    for (int bit = 0; bit < 8; ++bit) {
      weight += column >> bit & 1;
      covered[bit] += column >> bit & 1;
    }
    EXPECT_TRUE(weight == 3 || weight == 5) << int{column};
  }
  EXPECT_EQ(columns.size(), 64U);
  for (const int count : covered) EXPECT_EQ(count, 26);
}

TEST(Secded, CorrectsEverySingleErrorAndDetectsEveryDoubleError) {
  std::mt19937_64 random(1);
  for (int round = 0; round < 20; ++round) {
    const std::uint64_t data = round == 0 ? 0 : round == 1 ? ~std::uint64_t{0} : random();
    EXPECT_EQ(read(data, {}).data, data);
    EXPECT_EQ(read(data, {}).outcome, WordOutcome::kClean);
    for (int a = 0; a < 72; ++a) {
      const DecodedWord one = read(data, {a});
      ASSERT_EQ(one.data, data) << "bit " << a;
      ASSERT_EQ(one.outcome, WordOutcome::kCorrected) << "bit " << a;
      for (int b = a + 1; b < 72; ++b) {
        ASSERT_EQ(read(data, {a, b}).outcome, WordOutcome::kDetected) << a << " and " << b;
      }
    }
  }
}

TEST(Secded, PassesOnDetectedWordsAsTheyWereRead) {
  EXPECT_EQ(read(0x1234, {0, 5}).data, 0x1234U ^ 0x21U);
  EXPECT_EQ(read(0x1234, {0, 70}).data, 0x1235U);
}

TEST(Secded, MiscorrectsTripleErrorsWhereTheirSyndromeIsABit) {
  int miscorrected = 0, detected = 0;
  for (int a = 0; a < 72; ++a) {
    for (int b = a + 1; b < 72; ++b) {
      for (int c = b + 1; c < 72; ++c) {
        const DecodedWord word = read(0, {a, b, c});
        ASSERT_NE(word.outcome, WordOutcome::kClean);  // the syndrome is odd
        ++(word.outcome == WordOutcome::kCorrected ? miscorrected : detected);
      }
    }
  }
  // 72 of the 128 odd syndromes stand for a bit.
  const double share = static_cast<double>(miscorrected) / (miscorrected + detected);
  EXPECT_NEAR(share, 0.56, 0.02);
}

TEST(Secded, UncorrectableWordsFollowTheClosedForm) {
  std::mt19937_64 random(5);
  for (const double p : {0.01115, 0.00129}) {
    std::bernoulli_distribution wrong(p);
    constexpr int kDrawnWords = 200000;
    int uncorrectable = 0;
    for (int i = 0; i < kDrawnWords; ++i) {
      const std::uint64_t data = random();
      std::uint64_t read_data = data;
      std::uint8_t check = secded_encode(data);
      for (int b = 0; b < 64; ++b) read_data ^= std::uint64_t{wrong(random)} << b;
      for (int b = 0; b < 8; ++b)
        check = static_cast<std::uint8_t>(check ^ int{wrong(random)} << b);
      const DecodedWord word = secded_decode(read_data, check);
      uncorrectable += word.outcome == WordOutcome::kDetected || word.data != data;
    }
    // At least two of 72 bits are wrong.
    const double expected = 1.0 - std::pow(1.0 - p, 72) - 72 * p * std::pow(1.0 - p, 71);
    const double sigma = std::sqrt(expected * (1.0 - expected) / kDrawnWords);
    EXPECT_NEAR(static_cast<double>(uncorrectable) / kDrawnWords, expected, 4 * sigma) << p;
  }
}

}  // namespace
}  // namespace brownout::memory
