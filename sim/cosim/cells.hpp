// SPDX-License-Identifier: Apache-2.0
// Cells of the core's memories: how they fail, and what a read gives by the simulator's own code.
#pragma once

#include <cstddef>
#include <cstdint>
#include <unordered_map>
#include <utility>
#include <vector>

#include "sim/memory/word_memory.hpp"
#include "sim/memory/word_path.hpp"

namespace brownout::cosim {

/// Cells of a word that read wrong: read = ((stored & ~stuck0) | stuck1) ^ flip; its check bits
/// likewise.
struct WordFaults {
  std::uint32_t word = 0;
  std::uint64_t stuck0 = 0, stuck1 = 0, flip = 0;
  std::uint8_t check_stuck0 = 0, check_stuck1 = 0, check_flip = 0;

  bool any() const {
    return (stuck0 | stuck1 | flip) != 0 || (check_stuck0 | check_stuck1 | check_flip) != 0;
  }
  std::uint64_t read(std::uint64_t stored) const { return ((stored & ~stuck0) | stuck1) ^ flip; }
  std::uint8_t read_check(std::uint8_t stored) const {
    return static_cast<std::uint8_t>(((stored & ~check_stuck0) | check_stuck1) ^ check_flip);
  }
  memory::WordErrors errors() const;
  bool operator==(const WordFaults& o) const {
    return word == o.word && stuck0 == o.stuck0 && stuck1 == o.stuck1 && flip == o.flip &&
           check_stuck0 == o.check_stuck0 && check_stuck1 == o.check_stuck1 &&
           check_flip == o.check_flip;
  }
  bool operator!=(const WordFaults& o) const { return !(*this == o); }
};

/// The faults of a word as masks, and those of a memory: the words that have faults, ascending.
WordFaults word_faults(const memory::WordMemory& memory, std::uint32_t word);
std::vector<WordFaults> word_faults(const memory::WordMemory& memory);
/// Those of `word` in a list of ascending words.
WordFaults faults_of(const std::vector<WordFaults>& faults, std::uint32_t word);

/// Words for the weight memory. The first is offered in `cycle`, then one a cycle.
struct WriteJob {
  std::int64_t cycle = 0;
  std::int64_t word = 0;
  std::vector<std::uint64_t> data;
  std::vector<WordFaults> faults = {};  // of these words from now on; empty: as they were
};

/// A word as its cells give it.
struct RawWord {
  std::uint64_t data = 0;
  std::uint8_t check = 0;
  bool operator==(const RawWord& o) const { return data == o.data && check == o.check; }
};

/// What the cells of the weight memory hold while a job runs.
class Cells {
 public:
  /// `faults` are of ascending words.
  Cells(std::vector<std::uint64_t> stored, std::vector<WordFaults> faults, memory::CheckCode check)
      : stored_(std::move(stored)), faults_(std::move(faults)), check_(check) {}

  std::size_t words() const { return stored_.size(); }
  /// Word number `index` of `write`.
  void write(const WriteJob& write, std::size_t index);
  RawWord raw(std::uint32_t word) const;
  /// What leaves the memory, after the check.
  memory::ReadWord read(std::uint32_t word) const;

 private:
  WordFaults faults(std::uint32_t word) const;

  std::vector<std::uint64_t> stored_;
  std::vector<WordFaults> faults_;                         // when the job began
  std::unordered_map<std::uint32_t, WordFaults> redrawn_;  // since
  memory::CheckCode check_;
};

/// Cells of one accumulator word that read wrong.
struct SumFaults {
  std::uint32_t stuck0 = 0, stuck1 = 0, flip = 0;
  bool any() const { return (stuck0 | stuck1 | flip) != 0; }
  std::int32_t read(std::int32_t stored) const {
    return static_cast<std::int32_t>(((static_cast<std::uint32_t>(stored) & ~stuck0) | stuck1) ^
                                     flip);
  }
  bool operator==(const SumFaults& o) const {
    return stuck0 == o.stuck0 && stuck1 == o.stuck1 && flip == o.flip;
  }
};

/// Those of both halves. Strip s of a job is in half s mod 2.
class AccumulatorFaults {
 public:
  AccumulatorFaults() = default;  // none
  AccumulatorFaults(int rows, int lanes)
      : rows_(rows), lanes_(lanes), words_(std::size_t{2} * rows * lanes) {}

  bool none() const { return words_.empty(); }
  int rows() const { return rows_; }  // of a half
  int lanes() const { return lanes_; }
  SumFaults& at(int half, int row, int lane) { return words_[index(half, row, lane)]; }
  const SumFaults& at(int half, int row, int lane) const { return words_[index(half, row, lane)]; }
  bool row_has_any(int half, int row) const;
  /// What a read of `stored` gives.
  std::int32_t read(int half, int row, int lane, std::int32_t stored) const {
    return none() ? stored : at(half, row, lane).read(stored);
  }
  bool operator==(const AccumulatorFaults& o) const {
    return rows_ == o.rows_ && lanes_ == o.lanes_ && words_ == o.words_;
  }
  bool operator!=(const AccumulatorFaults& o) const { return !(*this == o); }

 private:
  std::size_t index(int half, int row, int lane) const {
    const std::size_t rows_before = half * rows_ + row;
    return rows_before * lanes_ + lane;
  }

  int rows_ = 0, lanes_ = 0;
  std::vector<SumFaults> words_;
};

}  // namespace brownout::cosim
