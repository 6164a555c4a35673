// SPDX-License-Identifier: Apache-2.0
// Faults as two masks a word: what reads wrong when the cell holds 0, and when it holds 1.
#include "sim/memory/word_memory.hpp"

#include <algorithm>
#include <utility>

#include "sim/base/error.hpp"

namespace brownout::memory {

void WordMemory::resize(std::int64_t words, CheckCode check) {
  BROWNOUT_CHECK(words >= 0, "{} words", words);
  const std::size_t count = words;
  check_ = check;
  stored_.assign(count, 0);
  errors_.assign(count, {});
  faulty_.clear();
  faults_ = {};
  ++generation_;
}

void WordMemory::add(const FaultList& faults, std::int64_t first, std::int64_t end,
                     const CellReader& reader) {
  const auto below = [](const CellFault& fault, std::int64_t word) { return fault.word < word; };
  for (auto fault = std::lower_bound(faults.begin(), faults.end(), first, below);
       fault != faults.end() && fault->word < end; ++fault) {
    errors_[fault->word].add(*fault, reader);
  }
}

void WordMemory::set_faults(WordFaultLists faults, MemoryId memory, const Draws& draws) {
  for (const std::uint32_t word : faulty_) errors_[word] = {};
  faulty_.clear();
  BROWNOUT_CHECK(faults.checks.empty() || check_ != CheckCode::kNone,
                 "{} faulty check cells without check bits", faults.checks.size());
  for (const FaultList* list : {&faults.data, &faults.checks}) {
    for (const CellFault& fault : *list) {
      BROWNOUT_CHECK(fault.word < stored_.size(), "fault in word {} of {}", fault.word,
                     stored_.size());
      faulty_.push_back(fault.word);
    }
  }
  const CellReader reader(memory, draws);
  add(faults.data, 0, words(), reader);
  add(faults.checks, 0, words(), reader);
  faults_ = std::move(faults);
  memory_ = memory;
  draws_ = draws;
  ++generation_;
}

void WordMemory::draw(std::int64_t first, std::int64_t count, std::uint64_t batch,
                      std::uint64_t load_event) {
  if (!draws_.fresh || faulty_.empty()) return;
  BROWNOUT_CHECK(first >= 0 && count >= 0 && first + count <= words(), "words [{}, {}) of {}",
                 first, first + count, words());
  std::fill_n(errors_.begin() + first, count, WordErrors{});
  const CellReader reader(memory_, draws_.of_batch(batch), load_event);
  add(faults_.data, first, first + count, reader);
  add(faults_.checks, first, first + count, reader);
  ++generation_;
}

void WordMemory::write(std::int64_t first, std::int64_t count, const std::uint64_t* from) {
  BROWNOUT_CHECK(first >= 0 && count >= 0 && first + count <= words(), "words [{}, {}) of {}",
                 first, first + count, words());
  std::copy_n(from, count, stored_.begin() + first);
  ++generation_;
}

void WordMemory::read(std::int64_t first, std::int64_t count, std::uint64_t* to,
                      std::uint64_t* suspects) const {
  BROWNOUT_CHECK(first >= 0 && count >= 0 && first + count <= words(), "words [{}, {}) of {}",
                 first, first + count, words());
  for (std::int64_t i = 0; i < count; ++i) {
    const ReadWord word = read(first + i);
    to[i] = word.data;
    if (suspects != nullptr) suspects[i] = word.suspect;
  }
}

}  // namespace brownout::memory
