// SPDX-License-Identifier: Apache-2.0
// Packed codes: every width at every offset, also across word borders.
#include "sim/base/bits.hpp"

#include <gtest/gtest.h>

#include "sim/base/random.hpp"

namespace brownout {
namespace {

TEST(Bits, CodesOfEveryWidthReadBackAsWritten) {
  const Philox draw(1, Purpose::kTest);
  for (int bits = 1; bits <= 32; ++bits) {
    for (std::uint64_t offset = 0; offset < 64; ++offset) {
      constexpr int kCodes = 40;
      std::vector<std::uint64_t> words(words_for_bits(offset + kCodes * 32u), ~std::uint64_t{0});
      std::vector<std::uint32_t> codes;
      for (std::uint64_t i = 0; i < kCodes; ++i) {
        const std::uint64_t mask = (std::uint64_t{1} << bits) - 1;
        codes.push_back(static_cast<std::uint32_t>(draw(i, offset)[0] & mask));
        write_bits(words.data(), offset + i * static_cast<unsigned>(bits), bits, codes.back());
      }
      for (std::uint64_t i = 0; i < kCodes; ++i) {
        ASSERT_EQ(read_bits(words.data(), offset + i * static_cast<unsigned>(bits), bits), codes[i])
            << bits << " bits, offset " << offset << ", code " << i;
      }
      for (std::uint64_t i = 0; i < offset; ++i) ASSERT_EQ(words[0] >> i & 1, 1u);
    }
  }
}

TEST(Bits, LayoutIsLittleEndianWithinAndAcrossWords) {
  std::vector<std::uint64_t> words(2, 0);
  write_bits(words.data(), 62, 4, 0b1011);
  EXPECT_EQ(words[0], std::uint64_t{0b11} << 62);
  EXPECT_EQ(words[1], 0b10u);
}

TEST(Bits, WordsRoundUp) {
  EXPECT_EQ(words_for_bits(0), 0u);
  EXPECT_EQ(words_for_bits(1), 1u);
  EXPECT_EQ(words_for_bits(64), 1u);
  EXPECT_EQ(words_for_bits(65), 2u);
}

}  // namespace
}  // namespace brownout
