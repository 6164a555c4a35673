// SPDX-License-Identifier: Apache-2.0
// "spares=RxS": spare rows and columns replace the worst ones of each array, by must-repair and
// then by greedy choice.
#include <algorithm>
#include <cstdint>
#include <limits>
#include <nlohmann/json.hpp>
#include <numeric>
#include <vector>

#include "sim/base/error.hpp"
#include "sim/mitigation/arrays.hpp"
#include "sim/mitigation/policy.hpp"

namespace brownout::mitigation {

namespace {

constexpr int kMostSpareRows = 4096;

constexpr std::uint32_t kNone = std::numeric_limits<std::uint32_t>::max();

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

class Spares final : public Policy {
 public:
  std::string grammar() const override { return "spares=RxS"; }

  bool parse(const Part& part, Mitigations& into) const override {
    const auto value = part.value_of("spares");
    if (!value) return false;
    part.expect_first(!in_use(into), "it once");
    const std::size_t times = value->find('x');
    if (times == std::string_view::npos || !parse_whole(value->substr(0, times), into.spare_rows) ||
        !parse_whole(value->substr(times + 1), into.spare_columns) || into.spare_rows < 0 ||
        into.spare_rows > kMostSpareRows || into.spare_columns < 0 ||
        into.spare_columns > memory::kCheckBits || !in_use(into))
      part.refuse(
          fmt::format("spares=RxS, R spare rows in [0, {}] and S spare columns in [0, {}] "
                      "of each array, not both 0",
                      kMostSpareRows, memory::kCheckBits));
    return true;
  }
  std::string conflict(const Mitigations& mitigations) const override {
    const memory::WordCode& code = word_code(mitigations.check);
    const int most = memory::kCheckBits - code.check_bits;
    if (mitigations.spare_columns <= most) return {};
    return fmt::format("at most {} spare columns beside the {} check bits of {}, got {}", most,
                       code.check_bits, code.name, mitigations.spare_columns);
  }

  bool in_use(const Mitigations& mitigations) const override {
    return mitigations.spare_rows > 0 || mitigations.spare_columns > 0;
  }
  std::string text(const Mitigations& mitigations) const override {
    return fmt::format("spares={}x{}", mitigations.spare_rows, mitigations.spare_columns);
  }

  void plan(const Mitigations& mitigations, RepairPlan& into) const override {
    into.spare_rows = static_cast<std::uint32_t>(mitigations.spare_rows);
    into.spare_columns = static_cast<std::uint32_t>(mitigations.spare_columns);
    into.first_spare_column =
        static_cast<std::uint32_t>(memory::kWordBits + word_code(mitigations.check).check_bits);
  }

  std::vector<Coefficient> coefficients() const override {
    return {{kColumnAccessKey}, {kColumnAreaKey}, {kCellAreaShareKey, 1.0}, {kMatchKey}};
  }
  void protect(const Mitigations& mitigations, const MemoryShape& memory,
               Protection& into) const override {
    into.spare_rows = mitigations.spare_rows;
    into.array_rows = memory.array_rows;
    into.spare_columns = mitigations.spare_columns;
  }
  bool protects(const Protection& protection) const override {
    return protection.spare_rows > 0 || protection.spare_columns > 0;
  }
  void add_overhead(const Protection& protection, const Coefficients& coefficients,
                    Overhead& into) const override {
    BROWNOUT_CHECK(
        protection.spare_rows >= 0 && protection.spare_columns >= 0 && protection.array_rows > 0,
        "{} spare rows of {}, {} spare columns", protection.spare_rows, protection.array_rows,
        protection.spare_columns);
    if (!protects(protection)) return;
    into.add_columns(protection.spare_columns, coefficients);
    into.row_share = static_cast<double>(protection.spare_rows) / protection.array_rows;
    into.cell_area_share = coefficients.at(kCellAreaShareKey);
    into.access_pj += protection.spare_rows * coefficients.at(kMatchKey);
  }

  void write(const Protection& protection, nlohmann::ordered_json& into) const override {
    into["spare_rows"] = protection.spare_rows;
    into["array_rows"] = protection.array_rows;
    into["spare_columns"] = protection.spare_columns;
  }
  void read(const ProtectionFile& from, Protection& into) const override {
    into.spare_rows = from.count("spare_rows", 0);
    into.array_rows = from.count("array_rows", 1);
    into.spare_columns = from.count("spare_columns", 0);
  }
  std::vector<NamedCount> counts(const Outcome& outcome) const override {
    return {{"rows_replaced", nullptr, outcome.repair.rows_replaced},
            {"columns_replaced", nullptr, outcome.repair.columns_replaced}};
  }

 private:
  static constexpr char kMatchKey[] = "spare_row_match_pj";  // address and one spare row's
};

}  // namespace

void replace_by_spares(const RepairPlan& plan, std::vector<ArrayCells>& arrays,
                       RepairStats& stats) {
  if (plan.spare_rows == 0 && plan.spare_columns == 0) return;
  for (ArrayCells& array : arrays) {
    if (!array.empty()) ArrayRepair(plan, array).run(stats);
  }
}

const Policy& spares() {
  static const Spares policy;
  return policy;
}

}  // namespace brownout::mitigation
