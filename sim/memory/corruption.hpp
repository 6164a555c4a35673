// SPDX-License-Identifier: Apache-2.0
// Faulty cells of a memory of bytes or of 32-bit words, as masks. Values are read through them by
// changing the values in place, in time proportional to the faults among their cells.
#pragma once

#include <algorithm>
#include <bitset>
#include <cstdint>
#include <vector>

#include "sim/memory/fault.hpp"
#include "sim/memory/transient.hpp"

namespace brownout::memory {

inline int ones(std::uint32_t bits) { return static_cast<int>(std::bitset<32>(bits).count()); }

/// Bits of a unit that read wrong when 0 or 1 is stored.
struct WrongBits {
  std::uint32_t if_0 = 0, if_1 = 0;

  std::uint32_t read(std::uint32_t stored) const {
    return stored ^ ((~stored & if_0) | (stored & if_1));
  }
};

class Corruption {
 public:
  Corruption() = default;
  /// Unit i is the `unit_bits` (8 or 32) cells from cell i·unit_bits on. Draws are those of
  /// CellReader; the batch of fresh draws is given at each visit.
  Corruption(const FaultList& faults, MemoryId memory, const Draws& draws, int unit_bits);

  bool empty() const { return units_.empty(); }

  /// Calls visit(index, WrongBits) for the units with faults among [first, last), ascending.
  template <typename Visit>
  void visit(std::int64_t first, std::int64_t last, std::uint64_t load_event, std::uint64_t batch,
             Visit&& visit) const {
    auto unit = std::lower_bound(
        units_.begin(), units_.end(), first,
        [](const Unit& u, std::int64_t index) { return std::int64_t{u.index} < index; });
    for (; unit != units_.end() && std::int64_t{unit->index} < last; ++unit) {
      visit(std::int64_t{unit->index},
            unit->drawn == 0 ? unit->wrong : draw(*unit, load_event, batch));
    }
  }

  /// Bytes [address, address + count) of the memory, with units of 8 bits. Returns how many bits
  /// read wrong.
  std::int64_t apply(std::uint8_t* bytes, std::int64_t address, std::int64_t count,
                     std::uint64_t load_event, std::uint64_t batch) const;
  /// The same for fp32 numbers, little-endian. Each NaN first becomes 0x7fc00000, however it was
  /// computed.
  std::int64_t apply_numbers(float* numbers, std::int64_t address, std::int64_t count,
                             std::uint64_t load_event, std::uint64_t batch) const;

 private:
  struct Unit {
    std::uint32_t index = 0;
    std::uint32_t drawn = 0;        // cells to draw at each visit,
    std::uint32_t first_drawn = 0;  // from here on in drawn_
    WrongBits wrong;                // of the others
  };
  WrongBits draw(const Unit& unit, std::uint64_t load_event, std::uint64_t batch) const;

  MemoryId memory_ = MemoryId::kWeights;
  Draws draws_;
  std::uint32_t unit_bits_ = 8;
  std::vector<Unit> units_;       // ascending index
  std::vector<CellFault> drawn_;  // probabilistic cells, when draws are fresh
};

}  // namespace brownout::memory
