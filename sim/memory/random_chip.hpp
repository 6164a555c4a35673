// SPDX-License-Identifier: Apache-2.0
// Random chips, version 1: every cell has u in (0,1) and flips iff u < p; nested over p by
// construction, at a cost proportional to the faults.
#pragma once
#include <cstdint>
#include <string>

#include "sim/base/random.hpp"
#include "sim/memory/chip.hpp"

namespace brownout::memory {

/// Part of every result's key: a change of the definition below is a new version.
inline constexpr int kRandomChipVersion = 1;

/// u is defined by octaves. Octave j (u in [2^-(j+1), 2^-j)) takes each cell with probability
/// r_j = 1 - (1 - 2^-j)/(1 - 2^-(j+1)) by geometric skips within blocks of 64 Ki cells; u is
/// uniform in the octave; the lowest u of a cell wins. P(u < 2^-j) = 2^-j, since the product
/// telescopes. Cells are numbered word·64 + column; random numbers are Philox(seed, purpose) at
/// (memory, block, octave, draw).
class RandomChip final : public Chip {
 public:
  /// `p_err` in (0, 1]: the two-parameter form p = p_flt·p_err, a faulty cell errs with
  /// probability p_err per read (1 = persistent flips). The cell is faulty iff u < rate/p_err.
  explicit RandomChip(std::uint64_t seed, double p_err = 1.0,
                      Purpose purpose = Purpose::kRandomChip);

  FaultList faults(MemoryId memory, std::uint32_t words, const OperatingPoint& at) const override;
  std::string name() const override;

 private:
  std::uint64_t seed_;
  double p_err_;
  Purpose purpose_;
};

}  // namespace brownout::memory
