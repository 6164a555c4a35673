// SPDX-License-Identifier: Apache-2.0
// First the cells as they are sensed, then the decoder.
#include "sim/memory/word_path.hpp"

#include "sim/base/error.hpp"

namespace brownout::memory {

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
  const std::uint64_t data = stored ^ ((~stored & errors.if_0) | (stored & errors.if_1));
  const WordCode& code = word_code(check);
  const unsigned written = code.encode(stored);
  const auto wrong =
      static_cast<std::uint8_t>((~written & errors.check_if_0) | (written & errors.check_if_1));
  return code.decode(data, static_cast<std::uint8_t>(written ^ wrong));
}

}  // namespace brownout::memory
