// SPDX-License-Identifier: Apache-2.0
// Philox: the published known answer, independence of purposes, and the open unit interval.
#include "sim/base/random.hpp"

#include <gtest/gtest.h>

namespace brownout {
namespace {

TEST(Random, MatchesThePublishedKnownAnswerOfPhilox4x64) {
  // Random123's kat_vectors: philox4x64 10 rounds, zero counter, zero key.
  const r123::Philox4x64::ctr_type zero{{0, 0, 0, 0}};
  const auto block = r123::Philox4x64{}(zero, r123::Philox4x64::key_type{{0, 0}});
  EXPECT_EQ(block.v[0], 0x16554d9eca36314cu);
  EXPECT_EQ(block.v[1], 0xdb20fe9d672d0fdcu);
  EXPECT_EQ(block.v[2], 0xd7e772cee186176bu);
  EXPECT_EQ(block.v[3], 0x7e68b68aec7ba23bu);
}

TEST(Random, SeedPurposeAndCounterEachChangeTheNumbers) {
  const auto reference = Philox(5, Purpose::kTest)(1, 2, 3, 4);
  EXPECT_EQ(Philox(5, Purpose::kTest)(1, 2, 3, 4), reference);
  EXPECT_NE(Philox(6, Purpose::kTest)(1, 2, 3, 4), reference);
  EXPECT_NE(Philox(5, Purpose::kShuffle)(1, 2, 3, 4), reference);
  EXPECT_NE(Philox(5, Purpose::kTest)(0, 2, 3, 4), reference);
  EXPECT_NE(Philox(5, Purpose::kTest)(1, 2, 3, 5), reference);
}

TEST(Random, UnitNumbersStayInsideTheOpenInterval) {
  EXPECT_GT(unit_open(0), 0.0);
  EXPECT_LT(unit_open(~std::uint64_t{0}), 1.0);
  EXPECT_DOUBLE_EQ(unit_open(std::uint64_t{1} << 63), 0.5 + 0x1p-53);
}

}  // namespace
}  // namespace brownout
