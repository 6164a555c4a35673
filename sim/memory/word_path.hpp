// SPDX-License-Identifier: Apache-2.0
// From the cells of a word to what leaves the memory: the one function that every engine reads
// protected words with.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sim/memory/fault.hpp"
#include "sim/memory/secded.hpp"
#include "sim/memory/transient.hpp"

namespace brownout::memory {

/// What guards the words of a memory.
enum class Mitigation {
  kNone,
  kSecded,  // SECDED(72,64); words with detected errors are passed on
};
std::string to_string(Mitigation mitigation);  // "none", "secded"
const std::vector<std::string>& mitigation_names();
/// InputError that lists the known names.
Mitigation mitigation_from_string(const std::string& name);

/// Columns of a word: data bits in 0 … 63, check bits in 64 … 71.
inline constexpr int kWordColumns = kWordBits + kCheckBits;

/// Cells of one word that read wrong when they hold 0, and when they hold 1.
struct WordErrors {
  std::uint64_t if_0 = 0, if_1 = 0;
  std::uint8_t check_if_0 = 0, check_if_1 = 0;

  /// Adds a faulty cell of the word, data or check; probabilistic ones draw.
  void add(const CellFault& fault, const CellReader& reader);
};

/// What `stored` reads as.
DecodedWord read_word(std::uint64_t stored, const WordErrors& errors, Mitigation mitigation);

}  // namespace brownout::memory
