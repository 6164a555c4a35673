// SPDX-License-Identifier: Apache-2.0
// From the cells of a word to what leaves the memory, and from there to its codes. Every engine
// reads protected words with these functions.
#pragma once

#include <cstdint>

#include "sim/memory/fault.hpp"
#include "sim/memory/mitigations.hpp"
#include "sim/memory/secded.hpp"
#include "sim/memory/transient.hpp"

namespace brownout::memory {

/// Columns of a word: data bits in 0 … 63, check bits in 64 … 71.
inline constexpr int kWordColumns = kWordBits + kCheckBits;

/// Check bits that a code stores with each word: 0, 1 or 8, from column 64 on.
int check_bits(CheckCode check);

/// What is stored beside `data`.
std::uint8_t encode_word(std::uint64_t data, CheckCode check);

/// The cells of one word that read wrong when they hold 0, and those that do when they hold 1.
struct WordErrors {
  std::uint64_t if_0 = 0, if_1 = 0;
  std::uint8_t check_if_0 = 0, check_if_1 = 0;

  /// Adds a faulty cell of the word, data or check; probabilistic ones draw.
  void add(const CellFault& fault, const CellReader& reader);
};

/// A word after the decoder. `suspect`: data bits that the check found wrong and could not correct.
struct ReadWord {
  std::uint64_t data = 0;
  std::uint64_t suspect = 0;
  bool corrected = false;  // taken for one wrong bit, data or check (three or more may be mistaken)
};

/// What `stored`, written with the check bits of encode_word, reads as. SECDED: detected errors
/// make all 64 bits suspect. Parity: an odd number of wrong bits does. Interleaved parity: a
/// failing class makes its 8 columns suspect.
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
