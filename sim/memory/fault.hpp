// SPDX-License-Identifier: Apache-2.0
// Faulty cells of one chip at one voltage: a sparse list sorted by word and bit.
#pragma once
#include <cstdint>
#include <vector>

namespace brownout::memory {

/// 64 data columns make a word.
inline constexpr int kWordBits = 64;

/// The memory of the accelerator that a cell belongs to (a part of the cell's address).
enum class MemoryId : std::uint32_t {
  kWeights = 0,
  kActivations = 1,
  kAccumulators = 2,
  kInput = 3
};

/// A cell that may read wrong: p01 = P(reads 1 | 0 stored), p10 = P(reads 0 | 1 stored).
/// Persistent flip (1,1); stuck-at-1 (1,0); stuck-at-0 (0,1); fractions are transient.
struct CellFault {
  std::uint32_t word = 0;
  std::uint32_t bit = 0;  // column, 0..63; check bits 64..71
  float p01 = 1.0f;
  float p10 = 1.0f;
  bool operator==(const CellFault& o) const {
    return word == o.word && bit == o.bit && p01 == o.p01 && p10 == o.p10;
  }
};

/// Sorted by (word, bit), no cell twice. Healthy cells are not listed.
using FaultList = std::vector<CellFault>;

/// Faulty cells of a memory whose words may have check bits.
struct WordFaultLists {
  FaultList data;    // columns 0 … 63
  FaultList checks;  // columns 64 … 71; empty without a check code
};

}  // namespace brownout::memory
