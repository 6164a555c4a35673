// SPDX-License-Identifier: Apache-2.0
// First the cells as they are sensed, then the decoder.
#include "sim/memory/word_path.hpp"

#include "sim/base/error.hpp"

namespace brownout::memory {

namespace {

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

}  // namespace

int check_bits(CheckCode check) {
  return check == CheckCode::kNone ? 0 : check == CheckCode::kParity ? 1 : kCheckBits;
}

std::uint8_t encode_word(std::uint64_t data, CheckCode check) {
  switch (check) {
    case CheckCode::kSecded:
      return secded_encode(data);
    case CheckCode::kParity:
      return parity(data);
    case CheckCode::kInterleavedParity:
      return class_parities(data);
    case CheckCode::kNone:
      break;
  }
  return 0;
}

void WordErrors::add(const CellFault& fault, const CellReader& reader) {
  const std::uint64_t wrong_0 = reader.wrong(fault, 0);
  const std::uint64_t wrong_1 = reader.wrong(fault, 1);
  if (fault.bit < kWordBits) {
    if_0 |= wrong_0 << fault.bit;
    if_1 |= wrong_1 << fault.bit;
    return;
  }
  BROWNOUT_CHECK(fault.bit < kWordColumns, "column {} of a word", fault.bit);
  const std::uint32_t bit = fault.bit - kWordBits;
  check_if_0 = static_cast<std::uint8_t>(check_if_0 | wrong_0 << bit);
  check_if_1 = static_cast<std::uint8_t>(check_if_1 | wrong_1 << bit);
}

ReadWord read_word(std::uint64_t stored, const WordErrors& errors, CheckCode check) {
  ReadWord read;
  read.data = stored ^ ((~stored & errors.if_0) | (stored & errors.if_1));
  if (check == CheckCode::kNone) return read;
  const unsigned written = encode_word(stored, check);
  const auto wrong =
      static_cast<std::uint8_t>((~written & errors.check_if_0) | (written & errors.check_if_1));
  const auto beside = static_cast<std::uint8_t>(written ^ wrong);
  if (check == CheckCode::kSecded) {
    const DecodedWord decoded = secded_decode(read.data, beside);
    read.data = decoded.data;
    read.corrected = decoded.outcome == WordOutcome::kCorrected;
    if (decoded.outcome == WordOutcome::kDetected) read.suspect = ~std::uint64_t{0};
  } else if (check == CheckCode::kParity) {
    if (((encode_word(read.data, check) ^ beside) & 1) != 0) read.suspect = ~std::uint64_t{0};
  } else {
    const std::uint64_t failing = static_cast<std::uint8_t>(encode_word(read.data, check) ^ beside);
    read.suspect = failing * 0x0101010101010101u;
  }
  return read;
}

}  // namespace brownout::memory
