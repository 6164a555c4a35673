// SPDX-License-Identifier: Apache-2.0
// What does not change from visit to visit is computed once.
#include "sim/memory/corruption.hpp"

#include <cmath>
#include <cstring>

#include "sim/base/error.hpp"

namespace brownout::memory {

namespace {

bool probabilistic(const CellFault& fault) {
  const auto between = [](float p) { return p > 0.0f && p < 1.0f; };
  return between(fault.p01) || between(fault.p10);
}

void add(const CellReader& reader, const CellFault& fault, std::uint32_t bit, WrongBits& wrong) {
  wrong.if_0 |= reader.wrong(fault, 0) << bit;
  wrong.if_1 |= reader.wrong(fault, 1) << bit;
}

}  // namespace

Corruption::Corruption(const FaultList& faults, MemoryId memory, const Draws& draws, int unit_bits)
    : memory_(memory), draws_(draws), unit_bits_(static_cast<std::uint32_t>(unit_bits)) {
  BROWNOUT_CHECK(unit_bits == 8 || unit_bits == 32, "units of {} bits", unit_bits);
  const CellReader reader(memory, draws);
  const std::uint32_t units_per_word = kWordBits / unit_bits_;
  for (const CellFault& fault : faults) {
    const std::uint64_t index = std::uint64_t{fault.word} * units_per_word + fault.bit / unit_bits_;
    BROWNOUT_CHECK(fault.bit < kWordBits && index <= ~std::uint32_t{0}, "cell {} of word {}",
                   fault.bit, fault.word);
    if (units_.empty() || units_.back().index != index) {
      BROWNOUT_CHECK(units_.empty() || units_.back().index < index, "faults are not sorted");
      units_.push_back(
          {static_cast<std::uint32_t>(index), 0, static_cast<std::uint32_t>(drawn_.size()), {}});
    }
    if (draws.fresh && probabilistic(fault)) {
      drawn_.push_back(fault);
      ++units_.back().drawn;
    } else {
      add(reader, fault, fault.bit % unit_bits_, units_.back().wrong);
    }
  }
}

WrongBits Corruption::draw(const Unit& unit, std::uint64_t load_event, std::uint64_t batch) const {
  const CellReader reader(memory_, draws_.of_batch(batch), load_event);
  WrongBits wrong = unit.wrong;
  for (std::uint32_t i = unit.first_drawn; i < unit.first_drawn + unit.drawn; ++i) {
    add(reader, drawn_[i], drawn_[i].bit % unit_bits_, wrong);
  }
  return wrong;
}

std::int64_t Corruption::apply(std::uint8_t* bytes, std::int64_t address, std::int64_t count,
                               std::uint64_t load_event, std::uint64_t batch) const {
  std::int64_t bits_wrong = 0;
  visit(address, address + count, load_event, batch, [&](std::int64_t at, WrongBits wrong) {
    std::uint8_t& byte = bytes[at - address];
    const auto read = static_cast<std::uint8_t>(wrong.read(byte));
    bits_wrong += ones(read ^ byte);
    byte = read;
  });
  return bits_wrong;
}

std::int64_t Corruption::apply_numbers(float* numbers, std::int64_t address, std::int64_t count,
                                       std::uint64_t load_event, std::uint64_t batch) const {
  // Which NaN an operation returns differs from processor to processor, and a flipped bit would
  // make the difference visible.
  constexpr std::uint32_t kNan = 0x7fc00000;
  std::int64_t bits_wrong = 0;
  if (empty()) return bits_wrong;
  for (std::int64_t i = 0; i < count; ++i) {
    if (std::isnan(numbers[i])) std::memcpy(numbers + i, &kNan, sizeof kNan);
  }
  visit(address, address + 4 * count, load_event, batch, [&](std::int64_t at, WrongBits wrong) {
    const std::int64_t byte = at - address;
    const auto shift = static_cast<std::uint32_t>(byte % 4 * 8);
    std::uint32_t bits = 0;
    std::memcpy(&bits, numbers + byte / 4, sizeof bits);
    const std::uint32_t stored = bits >> shift & 0xffu;
    const std::uint32_t flipped = stored ^ (wrong.read(stored) & 0xffu);
    bits_wrong += ones(flipped);
    bits ^= flipped << shift;
    std::memcpy(numbers + byte / 4, &bits, sizeof bits);
  });
  return bits_wrong;
}

}  // namespace brownout::memory
