// SPDX-License-Identifier: Apache-2.0
// Sense amplifiers, then the decoder.
#include "sim/memory/word_path.hpp"

#include <algorithm>

#include "sim/base/error.hpp"

namespace brownout::memory {

const std::vector<std::string>& mitigation_names() {
  static const std::vector<std::string> names{"none", "secded"};
  return names;
}

std::string to_string(Mitigation mitigation) {
  return mitigation_names()[static_cast<std::size_t>(mitigation)];
}

Mitigation mitigation_from_string(const std::string& name) {
  const auto& names = mitigation_names();
  const auto at = std::find(names.begin(), names.end(), name);
  if (at == names.end()) {
    throw InputError("mitigation: expected one of {}, got \"{}\"", fmt::join(names, ", "), name);
  }
  return static_cast<Mitigation>(at - names.begin());
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

DecodedWord read_word(std::uint64_t stored, const WordErrors& errors, Mitigation mitigation) {
  const std::uint64_t data = stored ^ ((~stored & errors.if_0) | (stored & errors.if_1));
  if (mitigation == Mitigation::kNone) return {data, WordOutcome::kClean};
  const unsigned check = secded_encode(stored);
  const unsigned wrong = (~check & errors.check_if_0) | (check & errors.check_if_1);
  return secded_decode(data, static_cast<std::uint8_t>(check ^ wrong));
}

}  // namespace brownout::memory
