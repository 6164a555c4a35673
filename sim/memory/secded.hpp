// SPDX-License-Identifier: Apache-2.0
// SECDED(72,64): a Hsiao code over a word of 64 data bits and 8 check bits, any of which may read
// wrong. One wrong bit is corrected and two are detected; three or more may be miscorrected.
#pragma once

#include <array>
#include <cstdint>

namespace brownout::memory {

inline constexpr int kCheckBits = 8;

/// Column i of the parity-check matrix: the check bits that data bit i takes part in. All columns
/// have an odd weight, so that two errors give an even syndrome and are never mistaken for one.
/// They are the 56 columns of weight 3, ascending, then 8 of weight 5 that use every check bit
/// equally often (each check bit covers 26 data bits).
constexpr std::array<std::uint8_t, 64> secded_columns() {
  std::array<std::uint8_t, 64> columns{};
  int next = 0;
  for (int value = 1; value < 256; ++value) {
    int weight = 0;
    for (int bit = 0; bit < 8; ++bit) weight += value >> bit & 1;
    if (weight == 3) columns[next++] = static_cast<std::uint8_t>(value);
  }
  // 00011111 and its rotations.
  for (int turn = 0; turn < 8; ++turn) {
    columns[next++] = static_cast<std::uint8_t>((0x1F << turn | 0x1F >> (8 - turn)) & 0xFF);
  }
  return columns;
}
inline constexpr std::array<std::uint8_t, 64> kSecdedColumns = secded_columns();

/// Check bits of a word.
std::uint8_t secded_encode(std::uint64_t data);

enum class WordOutcome {
  kClean,      // no check failed (four or more wrong bits may hide)
  kCorrected,  // taken for one wrong bit, data or check (three or more may be mistaken for it)
  kDetected,   // even syndrome, or one that no bit has: the data are passed on as they were read
};

struct DecodedWord {
  std::uint64_t data = 0;
  WordOutcome outcome = WordOutcome::kClean;
};

DecodedWord secded_decode(std::uint64_t data, std::uint8_t check);

}  // namespace brownout::memory
