// SPDX-License-Identifier: Apache-2.0
// Syndromes by a table of bytes: 8 look-ups a word.
#include "sim/memory/secded.hpp"

namespace brownout::memory {

namespace {

/// Check bits of each value of each byte of a word.
struct EncodeTable {
  std::uint8_t check[8][256] = {};
  constexpr EncodeTable() {
    for (int byte = 0; byte < 8; ++byte) {
      for (int value = 1; value < 256; ++value) {
        int bit = 0;
        while ((value >> bit & 1) == 0) ++bit;
        check[byte][value] =
            static_cast<std::uint8_t>(check[byte][value & (value - 1)] ^
                                      kSecdedColumns[static_cast<std::size_t>(byte * 8 + bit)]);
      }
    }
  }
};
constexpr EncodeTable kEncode;

/// What a syndrome stands for: a data bit, 64 + a check bit, or nothing known.
constexpr int kUnknown = -1;
struct SyndromeTable {
  std::int8_t bit[256] = {};
  constexpr SyndromeTable() {
    for (int i = 0; i < 256; ++i) bit[i] = kUnknown;
    for (int i = 0; i < 64; ++i) {
      bit[kSecdedColumns[i]] = static_cast<std::int8_t>(i);
    }
    for (int i = 0; i < kCheckBits; ++i) bit[1 << i] = static_cast<std::int8_t>(64 + i);
  }
};
constexpr SyndromeTable kSyndromes;

}  // namespace

std::uint8_t secded_encode(std::uint64_t data) {
  std::uint8_t check = 0;
  for (int byte = 0; byte < 8; ++byte) {
    check = static_cast<std::uint8_t>(check ^ kEncode.check[byte][data >> (8 * byte) & 0xFF]);
  }
  return check;
}

DecodedWord secded_decode(std::uint64_t data, std::uint8_t check) {
  const auto syndrome = static_cast<std::uint8_t>(secded_encode(data) ^ check);
  if (syndrome == 0) return {data, WordOutcome::kClean};
  const int bit = kSyndromes.bit[syndrome];
  if (bit == kUnknown) return {data, WordOutcome::kDetected};
  if (bit < 64) data ^= std::uint64_t{1} << bit;
  return {data, WordOutcome::kCorrected};
}

}  // namespace brownout::memory
