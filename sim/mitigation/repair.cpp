// SPDX-License-Identifier: Apache-2.0
// Cells to arrays, repaired and placed there; then back to the words as they are addressed.
#include "sim/mitigation/repair.hpp"

#include <algorithm>

#include "sim/base/error.hpp"
#include "sim/mitigation/arrays.hpp"
#include "sim/mitigation/policy.hpp"

namespace brownout::mitigation {

namespace {

/// The cells of every array of the silicon.
std::vector<ArrayCells> split(const RepairPlan& plan, const memory::FaultList& data,
                              const memory::FaultList& checks) {
  const ArrayGeometry& geometry = plan.geometry;
  const std::uint32_t regular = plan.arrays * geometry.rows;
  std::vector<ArrayCells> arrays(plan.arrays);
  for (const memory::FaultList* list : {&data, &checks}) {
    for (const memory::CellFault& fault : *list) {
      BROWNOUT_CHECK(fault.word < plan.cell_words(), "fault in word {} of {}", fault.word,
                     plan.cell_words());
      const bool spare = fault.word >= regular;
      const std::uint32_t array =
          spare ? (fault.word - regular) / plan.spare_rows : geometry.array_of(fault.word);
      const std::uint32_t row = spare ? geometry.rows + (fault.word - regular) % plan.spare_rows
                                      : geometry.row_of(fault.word);
      arrays[array].push_back({row, fault.bit, fault.p01, fault.p10});
    }
  }
  return arrays;
}

bool by_cell(const memory::CellFault& a, const memory::CellFault& b) {
  return a.word != b.word ? a.word < b.word : a.bit < b.bit;
}

/// The faults of the words as they are addressed, when arrays lie in their seats.
memory::WordFaultLists as_addressed(const RepairPlan& plan, const std::vector<ArrayCells>& arrays,
                                    const std::vector<Seat>& seats) {
  memory::WordFaultLists result;
  for (std::uint32_t a = 0; a < plan.arrays; ++a) {
    const Seat& seat = seats[a];
    for (const ArrayCell& cell : arrays[seat.array]) {
      const std::uint32_t word = plan.geometry.word_of(a, cell.row);
      if (word >= plan.words) continue;
      if (cell.column < memory::kWordBits) {
        const std::uint32_t column =
            (cell.column + memory::kWordBits - seat.rotation) % memory::kWordBits;
        result.data.push_back({word, column, cell.p01, cell.p10});
      } else {
        result.checks.push_back({word, cell.column, cell.p01, cell.p10});
      }
    }
  }
  std::sort(result.data.begin(), result.data.end(), by_cell);
  std::sort(result.checks.begin(), result.checks.end(), by_cell);
  return result;
}

}  // namespace

memory::WordFaultLists mitigate(const RepairPlan& plan, memory::WordFaultLists cells,
                                RepairStats* stats) {
  RepairStats counted;
  for (const Policy* policy : policies()) policy->change_cells(plan, cells);
  if (plan.whole_arrays()) {
    std::vector<ArrayCells> arrays = split(plan, cells.data, cells.checks);
    replace_by_spares(plan, arrays, counted);
    const std::vector<Seat> seats = place_arrays(plan, arrays, counted);
    cells = as_addressed(plan, arrays, seats);
  }
  if (stats != nullptr) *stats = counted;
  return cells;
}

}  // namespace brownout::mitigation
