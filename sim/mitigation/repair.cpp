// SPDX-License-Identifier: Apache-2.0
// Array by array: spares by must-repair and greedy choice; then arrays and columns by rank.
#include "sim/mitigation/repair.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <iterator>
#include <limits>
#include <numeric>
#include <optional>

#include "sim/base/error.hpp"
#include "sim/memory/word_path.hpp"

namespace brownout::mitigation {

namespace {

constexpr int kWeightBits = 32;
__extension__ using Cost = unsigned __int128;  // weights times sensitivities, summed

constexpr std::uint32_t kNone = std::numeric_limits<std::uint32_t>::max();

/// A faulty cell inside its array. Check and spare columns come after the data columns 0 … 63, and
/// spare rows after the other rows.
struct ArrayCell {
  std::uint32_t row = 0, column = 0;
  float p01 = 0.0f, p10 = 0.0f;

  /// max(p01, p10) in units of 2⁻³².
  std::int64_t weight() const {
    return std::llrint(std::ldexp(double{std::max(p01, p10)}, kWeightBits));
  }
};
using ArrayCells = std::vector<ArrayCell>;

/// Replaces rows and columns of one array by spares.
class ArrayRepair {
 public:
  ArrayRepair(const RepairPlan& plan, ArrayCells& cells)
      : plan_(plan),
        cells_(cells),
        column_end_(plan.first_spare_column),
        rows_(plan.geometry.rows + plan.spare_rows, true),
        columns_(plan.first_spare_column + plan.spare_columns, true) {
    seat_of_row_.resize(rows_.size());
    seat_of_column_.resize(columns_.size());
    std::iota(seat_of_row_.begin(), seat_of_row_.end(), 0u);
    std::iota(seat_of_column_.begin(), seat_of_column_.end(), 0u);
    // A spare has no seat until it replaces something.
    std::fill(seat_of_row_.begin() + plan.geometry.rows, seat_of_row_.end(), kNone);
    std::fill(seat_of_column_.begin() + column_end_, seat_of_column_.end(), kNone);
  }

  /// Moves the cells to the seats (rows and columns of the array as it is addressed) that they
  /// serve.
  void run(RepairStats& stats) {
    while (replace_one(/*must=*/true, stats)) {
    }
    while (replace_one(/*must=*/false, stats)) {
    }
    ArrayCells seated;
    for (ArrayCell cell : cells_) {
      cell.row = seat_of_row_[cell.row];
      cell.column = seat_of_column_[cell.column];
      if (cell.row != kNone && cell.column != kNone) seated.push_back(cell);
    }
    cells_ = std::move(seated);
  }

 private:
  /// Weight of the faults of every row, over the columns in service, or of every column, over the
  /// rows.
  struct Lines {
    std::vector<std::int64_t> weight;
    std::vector<std::uint32_t> cells;

    explicit Lines(std::size_t count) : weight(count), cells(count) {}
    void add(std::uint32_t line, const ArrayCell& cell) {
      weight[line] += cell.weight();
      ++cells[line];
    }
  };
  /// The best spare for the worst line.
  struct Choice {
    std::uint32_t line = kNone, spare = kNone;
    std::int64_t gain = 0;
  };

  /// Lines [0, spares_begin) are in service unless they are replaced (`own`); the lines from there
  /// on are spares.
  static Choice choose(const Lines& lines, const std::vector<std::uint32_t>& seats,
                       const std::vector<bool>& own, std::uint32_t spares_begin,
                       std::uint32_t more_than) {
    Choice choice;
    for (std::uint32_t spare = spares_begin; spare < seats.size(); ++spare) {
      if (seats[spare] != kNone) continue;
      if (choice.spare == kNone || lines.weight[spare] < lines.weight[choice.spare])
        choice.spare = spare;
    }
    if (choice.spare == kNone) return choice;
    for (std::uint32_t line = 0; line < spares_begin; ++line) {
      if (!own[line] || lines.cells[line] <= more_than) continue;
      const std::int64_t gain = lines.weight[line] - lines.weight[choice.spare];
      if (gain > choice.gain) {
        choice.gain = gain;
        choice.line = line;
      }
    }
    return choice;
  }

  static std::uint32_t free_spares(const std::vector<std::uint32_t>& seats, std::uint32_t begin) {
    return static_cast<std::uint32_t>(std::count(seats.begin() + begin, seats.end(), kNone));
  }

  bool replace_one(bool must, RepairStats& stats) {
    const std::uint32_t row_end = plan_.geometry.rows;
    const std::uint32_t free_rows = free_spares(seat_of_row_, row_end);
    const std::uint32_t free_columns = free_spares(seat_of_column_, column_end_);
    if (free_rows == 0 && free_columns == 0) return false;
    Lines rows(rows_.size()), columns(columns_.size());
    for (const ArrayCell& cell : cells_) {
      if (seat_of_column_[cell.column] != kNone) rows.add(cell.row, cell);
      if (seat_of_row_[cell.row] != kNone) columns.add(cell.column, cell);
    }
    // There are more faults than spares of the other kind can replace, so only a spare of this kind
    // helps.
    const Choice row = choose(rows, seat_of_row_, rows_, row_end, must ? free_columns : 0);
    const Choice column =
        choose(columns, seat_of_column_, columns_, column_end_, must ? free_rows : 0);
    if (row.line == kNone && column.line == kNone) return false;
    if (row.gain >= column.gain) {
      take(row, seat_of_row_, rows_);
      ++stats.rows_replaced;
    } else {
      take(column, seat_of_column_, columns_);
      ++stats.columns_replaced;
    }
    return true;
  }

  static void take(const Choice& choice, std::vector<std::uint32_t>& seats,
                   std::vector<bool>& own) {
    seats[choice.spare] = choice.line;
    seats[choice.line] = kNone;
    own[choice.line] = false;
  }

  const RepairPlan& plan_;
  ArrayCells& cells_;
  std::uint32_t column_end_;                                 // of the columns in service at first
  std::vector<bool> rows_, columns_;                         // that may be replaced still
  std::vector<std::uint32_t> seat_of_row_, seat_of_column_;  // kNone: not in service
};

/// Where an array, as it is addressed, lies in the silicon.
struct Seat {
  std::uint32_t array = 0;
  std::uint32_t rotation = 0;  // data column c lies in (c + rotation) mod 64
};

using ColumnSums = std::array<std::uint64_t, memory::kWordBits>;

class Placer {
 public:
  Placer(const RepairPlan& plan, const std::vector<ArrayCells>& arrays)
      : plan_(plan), faults_(arrays.size()) {
    for (std::size_t a = 0; a < arrays.size(); ++a) {
      faults_[a].fill(0);
      for (const ArrayCell& cell : arrays[a]) {
        if (cell.column < memory::kWordBits) {
          faults_[a][cell.column] += static_cast<std::uint64_t>(cell.weight());
        }
      }
    }
  }

  /// By array as it is addressed.
  std::vector<Seat> place() const {
    std::vector<std::uint32_t> as_addressed(faults_.size());
    std::iota(as_addressed.begin(), as_addressed.end(), 0u);
    std::vector<std::uint32_t> sensitive = as_addressed, good = as_addressed;
    const std::vector<std::uint64_t> need = sums([&](std::size_t a) { return sensitivity(a); });
    const std::vector<std::uint64_t> bad = sums([&](std::size_t a) { return faults_[a].data(); });
    std::stable_sort(sensitive.begin(), sensitive.end(),
                     [&](std::uint32_t a, std::uint32_t b) { return need[a] > need[b]; });
    std::stable_sort(good.begin(), good.end(),
                     [&](std::uint32_t a, std::uint32_t b) { return bad[a] < bad[b]; });
    std::vector<std::uint32_t> ranked(faults_.size());
    for (std::size_t i = 0; i < ranked.size(); ++i) ranked[sensitive[i]] = good[i];

    Cost cost_ranked = 0, cost_addressed = 0;
    std::vector<Seat> by_rank = rotate(ranked, cost_ranked);
    std::vector<Seat> by_address = rotate(as_addressed, cost_addressed);
    return cost_ranked < cost_addressed ? by_rank : by_address;
  }

 private:
  const std::uint64_t* sensitivity(std::size_t array) const {
    return plan_.sensitivity.data() + array * memory::kWordBits;
  }

  template <typename Columns>
  std::vector<std::uint64_t> sums(Columns columns_of) const {
    std::vector<std::uint64_t> totals(faults_.size());
    for (std::size_t a = 0; a < totals.size(); ++a) {
      const std::uint64_t* columns = columns_of(a);
      totals[a] = std::accumulate(columns, columns + memory::kWordBits, std::uint64_t{0});
    }
    return totals;
  }

  static Cost cost(const std::uint64_t* sensitive, const ColumnSums& faults,
                   std::uint32_t rotation) {
    Cost sum = 0;
    for (std::uint32_t c = 0; c < memory::kWordBits; ++c) {
      sum += Cost{sensitive[c]} * faults[(c + rotation) % memory::kWordBits];
    }
    return sum;
  }

  std::vector<Seat> rotate(const std::vector<std::uint32_t>& silicon, Cost& total) const {
    std::vector<Seat> seats(silicon.size());
    for (std::size_t a = 0; a < silicon.size(); ++a) {
      Seat& seat = seats[a];
      seat.array = silicon[a];
      Cost least = cost(sensitivity(a), faults_[seat.array], 0);
      for (std::uint32_t r = plan_.rotation_step; r < memory::kWordBits && least > 0;
           r += plan_.rotation_step) {
        const Cost other = cost(sensitivity(a), faults_[seat.array], r);
        if (other < least) {
          least = other;
          seat.rotation = r;
        }
      }
      total += least;
    }
    return seats;
  }

  const RepairPlan& plan_;
  std::vector<ColumnSums> faults_;  // by array and column of the silicon
};

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

}  // namespace

memory::WordFaultLists mitigate(const RepairPlan& plan, const memory::WordFaultLists& cells,
                                RepairStats* stats) {
  memory::WordFaultLists result;
  RepairStats counted;
  std::copy_if(
      cells.data.begin(), cells.data.end(), std::back_inserter(result.data),
      [&](const memory::CellFault& fault) { return (plan.safe_columns >> fault.bit & 1) == 0; });
  if (!plan.whole_arrays()) {
    result.checks = cells.checks;
    if (stats != nullptr) *stats = counted;
    return result;
  }

  std::vector<ArrayCells> arrays = split(plan, result.data, cells.checks);
  if (plan.spare_rows > 0 || plan.spare_columns > 0) {
    for (ArrayCells& array : arrays) {
      if (!array.empty()) ArrayRepair(plan, array).run(counted);
    }
  }
  std::vector<Seat> seats(plan.arrays);
  for (std::uint32_t a = 0; a < plan.arrays; ++a) seats[a].array = a;
  if (!plan.sensitivity.empty()) {
    BROWNOUT_CHECK(plan.sensitivity.size() == std::size_t{plan.arrays} * memory::kWordBits,
                   "{} sensitivities of {} arrays", plan.sensitivity.size(), plan.arrays);
    seats = Placer(plan, arrays).place();
  }

  result.data.clear();
  for (std::uint32_t a = 0; a < plan.arrays; ++a) {
    const Seat& seat = seats[a];
    if (seat.array != a) ++counted.arrays_moved;
    if (seat.rotation != 0) ++counted.arrays_rotated;
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
  if (stats != nullptr) *stats = counted;
  return result;
}

memory::WordFaultLists faults_behind(const RepairPlan& plan, const chips::Chip& chip,
                                     memory::MemoryId memory, const chips::OperatingPoint& at,
                                     memory::CheckCode check, RepairStats* stats) {
  memory::WordFaultLists cells;
  cells.data = chip.faults(memory, plan.cell_words(), at);
  const auto columns = static_cast<std::uint32_t>(memory::kWordBits + memory::check_bits(check)) +
                       plan.spare_columns;
  if (columns > memory::kWordBits) {
    cells.checks = chip.check_faults(memory, plan.cell_words(), at);
    cells.checks.erase(
        std::remove_if(cells.checks.begin(), cells.checks.end(),
                       [&](const memory::CellFault& fault) { return fault.bit >= columns; }),
        cells.checks.end());
  }
  double rates = 0.0;
  for (const memory::CellFault& fault : cells.data) {
    if (fault.word < plan.words) rates += double{std::max(fault.p01, fault.p10)};
  }
  RepairStats repair;
  const bool changes = plan.safe_columns != 0 || plan.whole_arrays();
  memory::WordFaultLists seen = changes ? mitigate(plan, cells, &repair) : std::move(cells);
  repair.cell_rate = rates / std::max(1.0, double{memory::kWordBits} * plan.words);
  if (stats != nullptr) *stats = repair;
  return seen;
}

}  // namespace brownout::mitigation
