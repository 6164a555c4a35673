// SPDX-License-Identifier: Apache-2.0
// The public Chip: a shared chip of sim/chips.
#include <algorithm>
#include <iterator>

#include "brownout/chip.hpp"
#include "sim/api/chip_access.hpp"

namespace brownout {

Chip::Chip(const std::string& text) : chip_(chips::make_chip(text)) {}

std::string Chip::name() const { return chip_->name(); }
std::string Chip::note() const { return chip_->note(); }
bool Chip::by_voltage() const { return chip_->by_voltage(); }
std::vector<double> Chip::steps() const { return chip_->steps(); }

std::vector<FaultyCell> Chip::faults(const OperatingPoint& at, std::uint32_t words,
                                     MemoryKind memory) const {
  return api::or_too_many(words, [&] {
    const memory::FaultList list = api::faults_of(*this, at, words, memory);
    std::vector<FaultyCell> cells;
    cells.reserve(list.size());
    std::transform(list.begin(), list.end(), std::back_inserter(cells),
                   [](const memory::CellFault& fault) {
                     return FaultyCell{fault.word, fault.bit, fault.p01, fault.p10};
                   });
    return cells;
  });
}

}  // namespace brownout
