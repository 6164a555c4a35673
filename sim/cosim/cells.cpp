// SPDX-License-Identifier: Apache-2.0
// From masks to what reads wrong, and back.
#include "sim/cosim/cells.hpp"

#include <algorithm>

namespace brownout::cosim {

memory::WordErrors WordFaults::errors() const {
  memory::WordErrors errors;
  errors.if_0 = read(0);
  errors.if_1 = ~read(~std::uint64_t{0});
  errors.check_if_0 = read_check(0);
  errors.check_if_1 = static_cast<std::uint8_t>(~read_check(0xFF));
  return errors;
}

WordFaults word_faults(const memory::WordMemory& memory, std::uint32_t word) {
  const memory::WordErrors& errors = memory.errors(word);
  const auto check = [](int mask) { return static_cast<std::uint8_t>(mask); };
  return {word,
          errors.if_1 & ~errors.if_0,
          errors.if_0 & ~errors.if_1,
          errors.if_0 & errors.if_1,
          check(errors.check_if_1 & ~errors.check_if_0),
          check(errors.check_if_0 & ~errors.check_if_1),
          check(errors.check_if_0 & errors.check_if_1)};
}

std::vector<WordFaults> word_faults(const memory::WordMemory& memory) {
  std::vector<WordFaults> faults;
  for (const std::uint32_t word : memory.faulty_words()) {
    const WordFaults fault = word_faults(memory, word);
    if (fault.any()) faults.push_back(fault);  // else its cells drew no error
  }
  std::sort(faults.begin(), faults.end(),
            [](const WordFaults& a, const WordFaults& b) { return a.word < b.word; });
  faults.erase(std::unique(faults.begin(), faults.end()), faults.end());
  return faults;
}

WordFaults faults_of(const std::vector<WordFaults>& faults, std::uint32_t word) {
  const auto at = std::lower_bound(
      faults.begin(), faults.end(), word,
      [](const WordFaults& fault, std::uint32_t number) { return fault.word < number; });
  return at != faults.end() && at->word == word ? *at : WordFaults{word};
}

void Cells::write(const WriteJob& write, std::size_t index) {
  const std::size_t word = write.word + index;
  stored_[word] = write.data[index];
  if (!write.faults.empty()) redrawn_[static_cast<std::uint32_t>(word)] = write.faults[index];
}

WordFaults Cells::faults(std::uint32_t word) const {
  if (!redrawn_.empty()) {
    const auto redrawn = redrawn_.find(word);
    if (redrawn != redrawn_.end()) return redrawn->second;
  }
  return faults_of(faults_, word);
}

RawWord Cells::raw(std::uint32_t word) const {
  const WordFaults faulty = faults(word);
  return {faulty.read(stored_[word]),
          faulty.read_check(memory::encode_word(stored_[word], check_))};
}

memory::ReadWord Cells::read(std::uint32_t word) const {
  return memory::read_word(stored_[word], faults(word).errors(), check_);
}

bool AccumulatorFaults::row_has_any(int half, int row) const {
  for (int lane = 0; lane < lanes_; ++lane) {
    if (at(half, row, lane).any()) return true;
  }
  return false;
}

}  // namespace brownout::cosim
