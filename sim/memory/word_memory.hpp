// SPDX-License-Identifier: Apache-2.0
// Words of a memory that are read through its faulty cells and then through the decoder.
#pragma once

#include <cstdint>
#include <vector>

#include "sim/memory/fault.hpp"
#include "sim/memory/word_path.hpp"

namespace brownout::memory {

/// Cells hold what was written and its check bits; reads go through the faults.
/// sim/memory/transient.hpp defines when probabilistic cells draw.
class WordMemory {
 public:
  explicit WordMemory(std::int64_t words = 0, CheckCode check = CheckCode::kNone) {
    resize(words, check);
  }

  /// All cells 0, no faults.
  void resize(std::int64_t words, CheckCode check = CheckCode::kNone);
  std::int64_t words() const { return static_cast<std::int64_t>(stored_.size()); }
  CheckCode check() const { return check_; }

  /// Replaces the faults and draws as of load event 0. Faults beyond the memory, and check cells
  /// without a check code, are errors of the caller.
  void set_faults(WordFaultLists faults, MemoryId memory, const Draws& draws);
  /// Fresh draws of the cells in words [first, first + count), for a batch and load event. Frozen
  /// draws stay as they are.
  void draw(std::int64_t first, std::int64_t count, std::uint64_t batch, std::uint64_t load_event);

  void write(std::int64_t first, std::int64_t count, const std::uint64_t* from);
  /// What leaves the memory; `suspects`, if not null, gets the suspect bits of each word.
  void read(std::int64_t first, std::int64_t count, std::uint64_t* to,
            std::uint64_t* suspects = nullptr) const;
  ReadWord read(std::int64_t word) const {
    const std::size_t w = word;
    const WordErrors& errors = errors_[w];
    // A word without errors decodes to itself.
    if ((errors.if_0 | errors.if_1) == 0 && (errors.check_if_0 | errors.check_if_1) == 0) {
      return {stored_[w]};
    }
    return read_word(stored_[w], errors, check_);
  }
  /// What the cells hold.
  std::uint64_t stored(std::int64_t word) const { return stored_[word]; }

  /// The words with faults (some may be listed more than once), and their bits that read wrong when
  /// 0 or 1 is stored.
  const std::vector<std::uint32_t>& faulty_words() const { return faulty_; }
  const WordErrors& errors(std::uint32_t word) const { return errors_[word]; }

  /// Changes whenever a read may return something else than before.
  std::uint64_t generation() const { return generation_; }

 private:
  void add(const FaultList& faults, std::int64_t first, std::int64_t end, const CellReader& reader);

  CheckCode check_ = CheckCode::kNone;
  std::vector<std::uint64_t> stored_;
  std::vector<WordErrors> errors_;
  std::vector<std::uint32_t> faulty_;
  WordFaultLists faults_;  // kept for fresh draws
  MemoryId memory_ = MemoryId::kWeights;
  Draws draws_;
  std::uint64_t generation_ = 0;
};

}  // namespace brownout::memory
