// SPDX-License-Identifier: Apache-2.0
// The check codes of a word. Everything that belongs to one code is one entry of one table.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "sim/memory/secded.hpp"

namespace brownout::memory {

/// Check bits of a word, in columns 64 … 71. The RTL has the same numbers (rtl/word_code.sv).
enum class CheckCode : std::uint8_t {
  kNone,
  kSecded,             // SECDED(72,64), 8 check bits (sim/memory/secded.hpp)
  kParity,             // 1 check bit: even parity of the 64 data bits
  kInterleavedParity,  // 8 check bits: bit i is the parity of the data columns c with c mod 8 = i
};
inline constexpr std::size_t kCheckCodes = 4;

/// What becomes of a code with suspect bits, in a word that the check code found wrong. The RTL has
/// the same numbers.
enum class OnError : std::uint8_t {
  kPass,  // nothing: it is used as it was read
  kZero,  // it becomes the code nearest to w = 0
  kMask,  // suspect bits take the value that makes |n| small; a suspect top bit: as kZero
};
std::string_view to_string(OnError on_error);  // "pass", "zero", "mask"

/// A check code in use.
struct CheckMode {
  CheckCode check = CheckCode::kNone;
  OnError on_error = OnError::kPass;
  bool operator==(const CheckMode& o) const { return check == o.check && on_error == o.on_error; }
  bool operator!=(const CheckMode& o) const { return !(*this == o); }
};

/// A word after the decoder. `suspect`: data bits that the check found wrong and could not correct.
struct ReadWord {
  std::uint64_t data = 0;
  std::uint64_t suspect = 0;
  bool corrected = false;  // taken for one wrong bit, data or check (three or more may be mistaken)
};

/// Everything that belongs to one check code.
struct WordCode {
  CheckCode code;
  std::string_view name;  // in texts and files
  int check_bits;         // stored with each word, from column 64 on
  int stages;             // of the pipeline, after the memory, that decode them
  /// What it may do with suspect bits, the default first; the first `on_errors` entries.
  std::array<OnError, 2> on_error;
  std::size_t on_errors;
  /// What is stored beside `data`.
  std::uint8_t (*encode)(std::uint64_t data);
  /// What the data and check bits that were read are taken for. SECDED: detected errors make all 64
  /// bits suspect. Parity: an odd number of wrong bits does. Interleaved parity: a failing class
  /// makes its 8 columns suspect.
  ReadWord (*decode)(std::uint64_t data, std::uint8_t check);
  /// Keys of the energies of both in a technology file; null if there is nothing to price.
  const char* encode_pj;
  const char* decode_pj;
};

/// In the order of CheckCode.
const std::array<WordCode, kCheckCodes>& word_codes();

inline const WordCode& word_code(CheckCode code) {
  return word_codes()[static_cast<std::size_t>(code)];
}

/// Null when no code has this name.
const WordCode* find_word_code(std::string_view name);

}  // namespace brownout::memory
