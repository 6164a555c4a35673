// SPDX-License-Identifier: Apache-2.0
// Words of a memory that are read through its faulty cells.
#pragma once

#include <cstdint>
#include <vector>

#include "sim/memory/fault.hpp"

namespace brownout::memory {

/// Cells hold what was written; reads pass the faults. Probabilistic cells draw once per evaluation
/// (reads: frozen), by the definition in sim/memory/transient.hpp.
class WordMemory {
 public:
  explicit WordMemory(std::int64_t words = 0) { resize(words); }

  /// All cells 0, no faults.
  void resize(std::int64_t words);
  std::int64_t words() const { return static_cast<std::int64_t>(stored_.size()); }

  /// Replaces the faults; those beyond the memory are an error of the caller.
  void set_faults(const FaultList& faults, MemoryId memory, std::uint64_t evaluation_seed);

  void write(std::int64_t first, std::int64_t count, const std::uint64_t* from);
  /// What the sense amplifiers see.
  void read(std::int64_t first, std::int64_t count, std::uint64_t* to) const;
  std::uint64_t read(std::int64_t word) const {
    const auto w = static_cast<std::size_t>(word);
    return stored_[w] ^ ((~stored_[w] & wrong_if_0_[w]) | (stored_[w] & wrong_if_1_[w]));
  }
  /// What the cells hold.
  std::uint64_t stored(std::int64_t word) const { return stored_[static_cast<std::size_t>(word)]; }

  /// Words with faults (some may be listed again), and their bits that read wrong when 0 or 1 is
  /// stored.
  const std::vector<std::uint32_t>& faulty_words() const { return faulty_; }
  std::uint64_t wrong_if_0(std::uint32_t word) const { return wrong_if_0_[word]; }
  std::uint64_t wrong_if_1(std::uint32_t word) const { return wrong_if_1_[word]; }

  /// Changes whenever a read may return something else than before.
  std::uint64_t generation() const { return generation_; }

 private:
  std::vector<std::uint64_t> stored_;
  std::vector<std::uint64_t> wrong_if_0_, wrong_if_1_;  // cells that read wrong when they hold 0, 1
  std::vector<std::uint32_t> faulty_;                   // words with faults
  std::uint64_t generation_ = 0;
};

}  // namespace brownout::memory
