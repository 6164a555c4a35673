// SPDX-License-Identifier: Apache-2.0
// Rows, columns and comparisons as cells.
#include "sim/report/study_table.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <set>

#include "sim/report/error_text.hpp"

namespace brownout::report {

namespace {

using results::Difference;
using study::Cell;
using study::RowResult;
using study::StudyResult;

constexpr char kNothing[] = "–";

/// A column of the table: a column of an evaluation, or its published values.
struct Column {
  std::string evaluation, label;
  bool published = false;
};

/// In the order of the study; with a column for published values if any row has one.
std::vector<Column> columns_of(const StudyResult& result) {
  std::vector<Column> columns;
  for (const study::EvaluationNote& note : result.evaluations) {
    std::vector<Column> own;
    std::set<std::string> published;
    for (const RowResult& row : result.rows) {
      for (const Cell& cell : row.cells) {
        if (cell.evaluation != note.name) continue;
        if (cell.published) published.insert(cell.header.label);
        const bool known = std::any_of(own.begin(), own.end(), [&](const Column& column) {
          return column.label == cell.header.label;
        });
        if (!known) own.push_back({note.name, cell.header.label, false});
      }
    }
    for (const Column& column : own) {
      columns.push_back(column);
      if (published.count(column.label) != 0) columns.push_back({note.name, column.label, true});
    }
  }
  return columns;
}

/// Errors have two decimals, everything else four significant digits.
std::string number(double value, const std::string& unit) {
  return unit == "%" ? fmt::format("{:.2f}", value) : fmt::format("{:.4g}", value);
}

std::string cell_text(const RowResult& row, const Column& column) {
  const Cell* cell = row.find(column.evaluation, column.label);
  if (cell == nullptr) return kNothing;
  if (column.published) {
    return cell->published ? fmt::format("{}", *cell->published) : std::string(kNothing);
  }
  std::string text = number(cell->spread.mean, cell->header.unit);
  if (cell->spread.std) text += " ± " + number(*cell->spread.std, cell->header.unit);
  return text;
}

/// If two evaluations share a label, the evaluation's name is added.
std::string column_title(const StudyResult& result, const std::vector<Column>& columns,
                         const Column& column) {
  if (column.published) return result.published_title;
  std::string unit;
  for (const RowResult& row : result.rows) {
    const Cell* cell = row.find(column.evaluation, column.label);
    if (cell != nullptr && !cell->header.unit.empty()) unit = ", " + cell->header.unit;
  }
  const auto same = std::count_if(columns.begin(), columns.end(), [&](const Column& other) {
    return !other.published && other.label == column.label;
  });
  return (same > 1 ? column.evaluation + ": " : "") + column.label + unit;
}

std::string row_title(const RowResult& row) {
  return row.networks.size() < 2 ? row.name
                                 : fmt::format("{} ({} seeds)", row.name, row.networks.size());
}

std::string verdict_text(const Difference& difference) {
  const char* where = difference.chips == 1 ? ", on this chip" : "";
  switch (difference.verdict()) {
    case Difference::Verdict::kHigher:
      return fmt::format("yes{}", where);
    case Difference::Verdict::kLower:
      return fmt::format("reversed{}", where);
    case Difference::Verdict::kNotDecided:
      break;
  }
  return "not decided";
}

}  // namespace

Lines study_table(const StudyResult& result) {
  const std::vector<Column> columns = columns_of(result);
  Lines lines{{"row"}};
  for (const Column& column : columns) {
    lines[0].push_back(column_title(result, columns, column));
  }
  for (const RowResult& row : result.rows) {
    std::vector<std::string> line{row_title(row)};
    for (const Column& column : columns) line.push_back(cell_text(row, column));
    lines.push_back(std::move(line));
  }
  return lines;
}

Lines study_comparisons(const StudyResult& result) {
  Lines lines;
  for (const study::ComparisonResult& comparison : result.comparisons) {
    if (!comparison.difference) continue;
    if (lines.empty()) {
      lines.push_back({"higher", "lower", "at", "difference, points", "± over chips",
                       "± over images", "± over seeds", "chips", "p", "p, Holm", "higher?"});
    }
    const Difference& difference = *comparison.difference;
    const auto optional = [](const std::optional<double>& value) {
      return value ? fmt::format("{:.3f}", *value) : std::string(kNothing);
    };
    lines.push_back({comparison.choice.higher, comparison.choice.lower,
                     comparison.choice.evaluation + ", " + comparison.choice.label,
                     fmt::format("{:.3f}", difference.mean), optional(difference.standard_error),
                     optional(difference.images_standard_error),
                     optional(difference.seeds_standard_error), std::to_string(difference.chips),
                     p_text(difference.p), p_text(difference.p_holm), verdict_text(difference)});
  }
  return lines;
}

}  // namespace brownout::report
