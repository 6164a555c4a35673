// SPDX-License-Identifier: Apache-2.0
// Encoders and decoders, and the table that names them.
#include "sim/memory/word_code.hpp"

#include <algorithm>

namespace brownout::memory {

namespace {

constexpr std::uint64_t kWholeWord = ~std::uint64_t{0};

/// Parity of each of the 8 classes of columns: bit i is that of the columns c with c mod 8 = i.
std::uint8_t class_parities(std::uint64_t data) {
  data ^= data >> 32;
  data ^= data >> 16;
  data ^= data >> 8;
  return static_cast<std::uint8_t>(data);
}

std::uint8_t parity(std::uint64_t data) {
  unsigned bits = class_parities(data);
  bits ^= bits >> 4;
  bits ^= bits >> 2;
  bits ^= bits >> 1;
  return static_cast<std::uint8_t>(bits & 1);
}

std::uint8_t no_check_bits(std::uint64_t) { return 0; }

ReadWord as_read(std::uint64_t data, std::uint8_t) { return {data}; }

ReadWord correct(std::uint64_t data, std::uint8_t check) {
  const DecodedWord decoded = secded_decode(data, check);
  return {decoded.data, decoded.outcome == WordOutcome::kDetected ? kWholeWord : 0,
          decoded.outcome == WordOutcome::kCorrected};
}

ReadWord check_parity(std::uint64_t data, std::uint8_t check) {
  return {data, ((parity(data) ^ check) & 1) != 0 ? kWholeWord : 0};
}

ReadWord check_classes(std::uint64_t data, std::uint8_t check) {
  const std::uint64_t failing = static_cast<std::uint8_t>(class_parities(data) ^ check);
  return {data, failing * 0x0101010101010101u};
}

constexpr std::array<WordCode, kCheckCodes> kWordCodes{{
    {CheckCode::kNone, "none", 0, 0, {}, 0, no_check_bits, as_read, nullptr, nullptr},
    {CheckCode::kSecded,
     "secded",
     8,
     1,
     {OnError::kPass, OnError::kZero},
     2,
     secded_encode,
     correct,
     "secded_encode_pj",
     "secded_decode_pj"},
    {CheckCode::kParity,
     "parity",
     1,
     1,
     {OnError::kZero},
     1,
     parity,
     check_parity,
     "parity_encode_pj",
     "parity_decode_pj"},
    {CheckCode::kInterleavedParity,
     "interleaved-parity",
     8,
     1,
     {OnError::kMask, OnError::kZero},
     2,
     class_parities,
     check_classes,
     "interleaved_parity_encode_pj",
     "interleaved_parity_decode_pj"},
}};

constexpr bool is_complete() {
  for (std::size_t i = 0; i < kWordCodes.size(); ++i) {
    const WordCode& code = kWordCodes[i];
    const bool none = code.code == CheckCode::kNone;
    if (static_cast<std::size_t>(code.code) != i || code.name.empty()) return false;
    if (code.check_bits > kCheckBits || (code.check_bits > 0) == none) return false;
    if (code.on_errors > code.on_error.size() || (code.on_errors > 0) == none) return false;
    if ((code.encode_pj == nullptr) != none || (code.decode_pj == nullptr) != none) return false;
  }
  return true;
}
static_assert(is_complete(), "one entry for each CheckCode, in its order");

}  // namespace

std::string_view to_string(OnError on_error) {
  switch (on_error) {
    case OnError::kPass:
      return "pass";
    case OnError::kZero:
      return "zero";
    case OnError::kMask:
      break;
  }
  return "mask";
}

const std::array<WordCode, kCheckCodes>& word_codes() { return kWordCodes; }

const WordCode* find_word_code(std::string_view name) {
  const auto found = std::find_if(kWordCodes.begin(), kWordCodes.end(),
                                  [&](const WordCode& code) { return code.name == name; });
  return found == kWordCodes.end() ? nullptr : &*found;
}

}  // namespace brownout::memory
