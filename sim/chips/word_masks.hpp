// SPDX-License-Identifier: Apache-2.0
// The faulty cells of a chip as masks of somebody's memory, whose words may have any width.
#pragma once
#include <cstdint>
#include <vector>

#include "sim/chips/chip.hpp"

namespace brownout::chips {

/// Largest memory, in cells, and widest word, in bits.
inline constexpr std::int64_t kMostMaskCells = std::int64_t{1} << 26;
inline constexpr std::int64_t kMostMaskBits = 4096;

/// A cell that reads wrong: read = ((stored & ~stuck0) | stuck1) ^ flip.
struct MaskCell {
  enum class Error { kStuck0, kStuck1, kFlip };
  std::int64_t word = 0;
  std::int64_t bit = 0;
  Error error = Error::kFlip;
  bool operator==(const MaskCell& o) const {
    return word == o.word && bit == o.bit && error == o.error;
  }
};

struct WordMasks {
  std::int64_t words = 0, bits = 0;
  std::vector<MaskCell> cells;  // sorted by word and bit, no cell twice
  std::int64_t count(MaskCell::Error error) const;
};

/// The masks of `words` words of `bits` bits. Bit b of word w is cell w·bits + b of the chip's
/// weight memory, which is column (w·bits + b) mod 64 of its word (w·bits + b) div 64. Cells that
/// read wrong with a probability draw once, as in an evaluation with `evaluation_seed` and frozen
/// reads. InputError for a memory that is larger than a measured chip's map or than kMostMaskCells,
/// and as Chip::faults().
WordMasks word_masks(const Chip& chip, std::int64_t words, std::int64_t bits,
                     const OperatingPoint& at, std::uint64_t evaluation_seed);

}  // namespace brownout::chips
