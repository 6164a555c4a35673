// SPDX-License-Identifier: Apache-2.0
// From the cells of a word to what leaves the memory, and from there to its codes. Every engine
// reads protected words with these functions.
#pragma once

#include <cstdint>

#include "sim/memory/fault.hpp"
#include "sim/memory/transient.hpp"
#include "sim/memory/word_code.hpp"

namespace brownout::memory {

/// Columns of a word: data bits in 0 … 63, check bits in 64 … 71.
inline constexpr int kWordColumns = kWordBits + kCheckBits;

/// What is stored beside `data`.
inline std::uint8_t encode_word(std::uint64_t data, CheckCode check) {
  return word_code(check).encode(data);
}

/// The cells of one word that read wrong when they hold 0, and those that do when they hold 1.
struct WordErrors {
  std::uint64_t if_0 = 0, if_1 = 0;
  std::uint8_t check_if_0 = 0, check_if_1 = 0;

  /// Adds a faulty cell of the word, data or check; probabilistic ones draw.
  void add(const CellFault& fault, const CellReader& reader);
};

/// What `stored`, written with its check bits, reads as.
ReadWord read_word(std::uint64_t stored, const WordErrors& errors, CheckCode check);

/// What becomes of a tensor's codes that have suspect bits.
struct CodeRepair {
  OnError on_error = OnError::kPass;
  int bits = 8;                  // m
  bool twos_complement = false;  // else offset binary: n grows with the code read as a number
  std::uint8_t zero_code = 0;    // of w = 0

  /// Code `v`, of which the bits `suspect` are suspect. Mask: bits below the top one take the value
  /// that makes |n| small, that is the top bit's in two's complement and its opposite in offset
  /// binary.
  std::uint8_t operator()(std::uint8_t v, std::uint8_t suspect) const {
    if (suspect == 0 || on_error == OnError::kPass) return v;
    const auto top = static_cast<std::uint8_t>(1u << (bits - 1));
    if (on_error == OnError::kZero || (suspect & top) != 0) return zero_code;
    const bool ones = ((v & top) != 0) == twos_complement;
    return static_cast<std::uint8_t>(ones ? v | suspect : v & ~suspect);
  }
};

}  // namespace brownout::memory
