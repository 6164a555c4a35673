// SPDX-License-Identifier: Apache-2.0
// Faults as two masks a word: what reads wrong when the cell holds 0, and when it holds 1.
#include "sim/memory/word_memory.hpp"

#include <algorithm>

#include "sim/base/error.hpp"
#include "sim/memory/transient.hpp"

namespace brownout::memory {

void WordMemory::resize(std::int64_t words) {
  BROWNOUT_CHECK(words >= 0, "{} words", words);
  const auto count = static_cast<std::size_t>(words);
  stored_.assign(count, 0);
  wrong_if_0_.assign(count, 0);
  wrong_if_1_.assign(count, 0);
  faulty_.clear();
  ++generation_;
}

void WordMemory::set_faults(const FaultList& faults, MemoryId memory,
                            std::uint64_t evaluation_seed) {
  for (const std::uint32_t word : faulty_) wrong_if_0_[word] = wrong_if_1_[word] = 0;
  faulty_.clear();
  const CellReader reader(memory, evaluation_seed);
  for (const CellFault& fault : faults) {
    BROWNOUT_CHECK(fault.word < stored_.size(), "fault in word {} of {}", fault.word,
                   stored_.size());
    const std::uint64_t bit = std::uint64_t{1} << fault.bit;
    if (reader.wrong(fault, 0) != 0) wrong_if_0_[fault.word] |= bit;
    if (reader.wrong(fault, 1) != 0) wrong_if_1_[fault.word] |= bit;
    faulty_.push_back(fault.word);
  }
  ++generation_;
}

void WordMemory::write(std::int64_t first, std::int64_t count, const std::uint64_t* from) {
  BROWNOUT_CHECK(first >= 0 && count >= 0 && first + count <= words(), "words [{}, {}) of {}",
                 first, first + count, words());
  std::copy_n(from, count, stored_.begin() + first);
  ++generation_;
}

void WordMemory::read(std::int64_t first, std::int64_t count, std::uint64_t* to) const {
  BROWNOUT_CHECK(first >= 0 && count >= 0 && first + count <= words(), "words [{}, {}) of {}",
                 first, first + count, words());
  for (std::int64_t i = 0; i < count; ++i) to[i] = read(first + i);
}

}  // namespace brownout::memory
