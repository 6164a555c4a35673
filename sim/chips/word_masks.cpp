// SPDX-License-Identifier: Apache-2.0
// Cells are drawn where the simulator draws them, and numbered anew.
#include "sim/chips/word_masks.hpp"

#include <algorithm>

#include "sim/base/error.hpp"

namespace brownout::chips {

std::int64_t WordMasks::count(MaskCell::Error error) const {
  return std::count_if(cells.begin(), cells.end(),
                       [error](const MaskCell& cell) { return cell.error == error; });
}

WordMasks word_masks(const Chip& chip, std::int64_t words, std::int64_t bits,
                     const OperatingPoint& at, std::uint64_t evaluation_seed) {
  BROWNOUT_CHECK(words >= 1 && bits >= 1 && bits <= kMostMaskBits && words <= kMostMaskCells,
                 "{} words of {} bits", words, bits);
  const std::int64_t size = words * bits;
  if (size > kMostMaskCells) {
    throw InputError("{}: {} words of {} bits are {} cells; expected at most {}", Field{"words"},
                     words, bits, size, kMostMaskCells);
  }
  const auto period = static_cast<std::int64_t>(chip.period());
  if (period > 0 && size > period) {
    throw InputError("{}: {} words of {} bits are {} cells, but chip {} has {}", Field{"words"},
                     words, bits, size, chip.name(), period);
  }
  constexpr memory::MemoryId kMemory = memory::MemoryId::kWeights;
  const std::int64_t read_words = (size + memory::kWordBits - 1) / memory::kWordBits;
  const memory::CellReader reader(kMemory, {chip.die(), evaluation_seed});
  WordMasks masks{words, bits, {}};
  for (const memory::CellFault& fault :
       chip.faults(kMemory, static_cast<std::uint32_t>(read_words), at)) {
    const std::int64_t cell = std::int64_t{fault.word} * memory::kWordBits + fault.bit;
    if (cell >= size) break;  // in the last word that is read
    const bool if_0 = reader.wrong(fault, 0) != 0;
    const bool if_1 = reader.wrong(fault, 1) != 0;
    if (!if_0 && !if_1) continue;
    const auto error = if_0 && if_1 ? MaskCell::Error::kFlip
                       : if_0       ? MaskCell::Error::kStuck1
                                    : MaskCell::Error::kStuck0;
    masks.cells.push_back({cell / bits, cell % bits, error});
  }
  return masks;
}

}  // namespace brownout::chips
