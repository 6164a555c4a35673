// SPDX-License-Identifier: Apache-2.0
// m-bit codes packed little-endian over 64-bit words: code i starts at bit offset + i·m, bit 0 of
// the code at the lowest bit; codes may cross word borders.
#pragma once
#include <cstdint>
#include <vector>

namespace brownout {

/// Bits [position, position + count) of `words`; count in [1, 32].
inline std::uint32_t read_bits(const std::uint64_t* words, std::uint64_t position, int count) {
  const std::uint64_t word = position >> 6;
  const int shift = static_cast<int>(position & 63);
  std::uint64_t value = words[word] >> shift;
  if (shift + count > 64) value |= words[word + 1] << (64 - shift);
  return static_cast<std::uint32_t>(value & ((std::uint64_t{1} << count) - 1));
}

/// Sets bits [position, position + count) of `words` to `value`; count in [1, 32].
inline void write_bits(std::uint64_t* words, std::uint64_t position, int count,
                       std::uint32_t value) {
  const std::uint64_t word = position >> 6;
  const int shift = static_cast<int>(position & 63);
  const std::uint64_t mask = (std::uint64_t{1} << count) - 1;
  words[word] = (words[word] & ~(mask << shift)) | ((value & mask) << shift);
  if (shift + count > 64) {
    const int low = 64 - shift;
    words[word + 1] = (words[word + 1] & ~(mask >> low)) | ((value & mask) >> low);
  }
}

/// 64-bit words that hold `bits` bits.
inline std::uint64_t words_for_bits(std::uint64_t bits) { return (bits + 63) / 64; }

}  // namespace brownout
