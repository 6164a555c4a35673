// SPDX-License-Identifier: Apache-2.0
// Random chips, version 1: every cell has u in [0,1) and flips iff u < p. They are nested over p by
// construction, at a cost proportional to the faults.
#pragma once
#include <cstdint>
#include <string>

#include "sim/base/random.hpp"
#include "sim/chips/chip.hpp"

namespace brownout::chips {

/// Part of every result's key: if the definition below changes, it needs a new version.
inline constexpr int kRandomChipVersion = 1;

/// How often a faulty cell reads wrong: with probability p01 when it stores a 0, p10 when it stores
/// a 1. Both are in [0, 1], and one of them is above 0.
struct ReadErrors {
  double p01 = 1.0, p10 = 1.0;

  static ReadErrors both(double p_err) { return {p_err, p_err}; }
  bool are_equal() const { return p01 == p10; }
  /// The highest bit error rate, at which all cells are faulty.
  double highest_rate() const { return p01 > p10 ? p01 : p10; }
};
/// How the chip's name ends: "", ",p_err=0.5" or ",p01=0.5,p10=1".
std::string name_part(const ReadErrors& errors);

/// u is defined by octaves. Octave j = 0…15 holds u in [2^-(j+1), 2^-j) and takes each cell with
/// probability r_j = 1 - (1 - 2^-j)/(1 - 2^-(j+1)). The last octave, 16, holds all u in [0, 2^-16)
/// and takes each cell with probability 2^-16. The octaves are independent, u is uniform in its
/// octave, and the lowest u of a cell wins. The product telescopes, so P(u < p) = p for every p.
///
/// Which cells an octave takes, in blocks of 64 Ki cells (cell = word·64 + column, block = cell /
/// 65536): candidate k = 0, 1, … of a block lies s_k + 1 cells after the previous one (the first at
/// s_0), s_k = floor(-ln(U_k) / -ln(1 - r_j)), until the block ends. U_k is unit_open of number k
/// mod 4 of Philox(seed, purpose) at (memory, block, octave, k div 4), and ln is the routine in
/// geometric.hpp: plain IEEE operations, the same on every machine. Candidate k has u = 2^-(j+1)·(1
/// + x·2^-64), in the last octave 2^-16·x·2^-64, where x is number k mod 4 at (memory, block, 32 +
/// octave, k div 4).
class RandomChip final : public Chip {
 public:
  /// The two-parameter form p = p_flt·p_err, p_err in (0, 1]: a faulty cell errs with probability
  /// p_err per read (1 = persistent flips). The cell is faulty iff u < rate/p_err.
  explicit RandomChip(std::uint64_t seed, double p_err = 1.0,
                      Purpose purpose = Purpose::kRandomChip);
  /// The same with a probability for each stored bit; p_err is then the higher one of the two.
  RandomChip(std::uint64_t seed, const ReadErrors& errors, Purpose purpose = Purpose::kRandomChip);

  /// InputError when `at.rate` is above p_err, because more than all cells would have to be faulty.
  memory::FaultList faults(memory::MemoryId memory, std::uint32_t words,
                           const OperatingPoint& at) const override;
  /// The same, into a list whose storage is used again.
  void draw(memory::MemoryId memory, std::uint32_t words, double rate,
            memory::FaultList& faults) const;
  /// Drawn from a stream of its own (kRandomChipCheck), 8 cells a word: check bit b of word w is
  /// cell 8·w + b.
  memory::FaultList check_faults(memory::MemoryId memory, std::uint32_t words,
                                 const OperatingPoint& at) const override;
  std::string name() const override;
  memory::Die die() const override { return {Purpose::kRandomChipRead, seed_}; }
  bool by_voltage() const override { return false; }

 private:
  std::uint64_t seed_;
  ReadErrors errors_;
  Purpose purpose_;
};

}  // namespace brownout::chips
