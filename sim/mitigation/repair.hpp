// SPDX-License-Identifier: Apache-2.0
// How safe columns, spare rows and columns, and a placement by sensitivity change a chip's faults:
// from the cells of the silicon to the words that the accelerator addresses.
#pragma once

#include <cstdint>
#include <vector>

#include "sim/memory/fault.hpp"
#include "sim/mitigation/outcome.hpp"

namespace brownout::mitigation {

/// How the words of a memory lie in its SRAM arrays: word w is in array (w mod W) + W·(w div
/// (W·rows)), row (w div W) mod rows, W the words a cycle.
struct ArrayGeometry {
  std::uint32_t rows = 512;
  std::uint32_t words_per_cycle = 1;

  std::uint32_t array_of(std::uint32_t word) const {
    return word % words_per_cycle + words_per_cycle * (word / (words_per_cycle * rows));
  }
  std::uint32_t row_of(std::uint32_t word) const { return word / words_per_cycle % rows; }
  std::uint32_t word_of(std::uint32_t array, std::uint32_t row) const {
    return (array / words_per_cycle * rows + row) * words_per_cycle + array % words_per_cycle;
  }
};

/// Everything that decides the change, the same for all chips. Made by weights::plan_repair.
struct RepairPlan {
  ArrayGeometry geometry;
  std::uint32_t words = 0;         // that the accelerator addresses: results have no others
  std::uint32_t arrays = 0;        // whole ones; only with spares or sensitivities
  std::uint64_t safe_columns = 0;  // data columns (of the silicon) whose cells never fail
  std::uint32_t spare_rows = 0, spare_columns = 0;  // of each array
  std::uint32_t first_spare_column = 64;            // after the check bits in use
  /// What a faulty cell costs, in any unit, by array and data column as the accelerator addresses
  /// them (arrays × 64). Empty: words lie where they are addressed. The sum is below 2⁶³.
  std::vector<std::uint64_t> sensitivity;
  std::uint32_t rotation_step = 1;  // words are rotated by multiples of it

  /// Whole arrays take part.
  bool whole_arrays() const { return spare_rows > 0 || spare_columns > 0 || !sensitivity.empty(); }
  /// Number of words whose data and check cells the chip is asked for: the scratchpad's, then spare
  /// row s of array a as word arrays·rows + a·spare_rows + s.
  std::uint32_t cell_words() const {
    return whole_arrays() ? arrays * (geometry.rows + spare_rows) : words;
  }
};

/// From the chip's cells (words 0 … cell_words() - 1, check cells if the plan or a check code uses
/// them) to the faults that words 0 … words - 1 see. In this order:
/// - Cells in safe columns never fail, spare rows included.
/// - Spares, array by array, by the map at this operating point. A cell weighs max(p01, p10), and a
///   line (row or column) weighs the sum over its cells in lines of the other kind that are in
///   service. A row with more faulty columns than there are free spare columns needs a spare row,
///   and a column with more faulty rows than there are free spare rows needs a spare column (as
///   long as there are spares). Then the replacement that takes away most weight is made again and
///   again. The spare is the free one that weighs least, and it is used only if it takes away more
///   than it brings. Rows are replaced together with their check bits.
/// - Placement: arrays ranked by sensitivity go onto arrays ranked by faults, the most sensitive
///   onto the best; in each the data bits of all words are rotated (column c lies in (c + r) mod
///   64) by the multiple of rotation_step with the least cost, summed over columns as if all rows
///   of an array were alike; as addressed when that costs no more. Check bits are not rotated.
/// Weights are integers in units of 2⁻³², so that all sums are exact. Of equals the first is taken:
/// a row before a column, the lowest number of lines, spares and arrays, the smallest rotation.
/// Time is proportional to the faults, and to the arrays with sensitivities.
memory::WordFaultLists mitigate(const RepairPlan& plan, memory::WordFaultLists cells,
                                RepairStats* stats = nullptr);

}  // namespace brownout::mitigation
