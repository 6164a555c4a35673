// SPDX-License-Identifier: Apache-2.0
// The faulty cells of public chips as the rooms below take them, with the settings of a caller
// checked.
#pragma once
#include <cstdint>
#include <new>

#include "brownout/chip.hpp"
#include "sim/base/error.hpp"
#include "sim/chips/chip.hpp"
#include "sim/memory/fault.hpp"
#include "sim/memory/transient.hpp"

namespace brownout::api {

/// Cells that a memory of a chip can have.
inline constexpr std::uint64_t kMostCells = std::uint64_t{0xffffffff} * memory::kWordBits;

memory::MemoryId memory_id(MemoryKind memory);
memory::Draws draws_of(const Chip& chip, const Draws& draws);

/// Does work on the faulty cells of words [0, words). InputError when they do not fit into memory.
template <typename Work>
auto or_too_many(std::uint32_t words, const Work& work) {
  try {
    return work();
  } catch (const std::bad_alloc&) {
    throw InputError(
        "the faulty cells among the first {} words of 64 cells of the chip are more "
        "than this machine's memory holds",
        words);
  }
}

/// Faulty cells of words [0, words). InputError for a rate outside [0, 1], and as the chip says.
memory::FaultList faults_of(const Chip& chip, const OperatingPoint& at, std::uint32_t words,
                            MemoryKind memory);

/// The same for the words that hold cells [0, end).
memory::FaultList faults_below(const Chip& chip, const OperatingPoint& at, std::uint64_t end,
                               MemoryKind memory);

inline std::uint64_t cell_of(const memory::CellFault& fault) {
  return std::uint64_t{fault.word} * memory::kWordBits + fault.bit;
}

}  // namespace brownout::api
