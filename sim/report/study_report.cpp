// SPDX-License-Identifier: Apache-2.0
// One grid of cells for both the table on the terminal and the one in Markdown.
#include "sim/report/study_report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "sim/base/text.hpp"
#include "sim/experiment/images.hpp"
#include "sim/report/error_text.hpp"
#include "sim/report/table.hpp"

namespace brownout::report {

namespace {

using study::Cell;
using study::Difference;
using study::RowResult;
using study::StudyResult;

constexpr char kNothing[] = "–";
constexpr char kComparisonNote[] =
    "±: standard error of the mean difference from each source. p: of all of them together. "
    "Decided where p, after Holm's correction for all comparisons of the study, is below 0.05.\n";

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

using Lines = std::vector<std::vector<std::string>>;  // the first is the header

Lines table_of(const StudyResult& result) {
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

std::string p_text(const std::optional<double>& p) {
  if (!p) return kNothing;
  return *p < 0.001 ? "< 0.001" : fmt::format("{:.3f}", *p);
}

Lines comparisons_of(const StudyResult& result) {
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

/// What the "chips" of a comparison on a measured map are, when any comparison is on one.
std::string places_note(const StudyResult& result) {
  std::string names;
  for (const study::EvaluationNote& note : result.evaluations) {
    const bool compared = std::any_of(
        result.comparisons.begin(), result.comparisons.end(),
        [&](const auto& one) { return one.difference && one.choice.evaluation == note.name; });
    if (note.places && compared) names += (names.empty() ? "" : ", ") + note.name;
  }
  if (names.empty()) return "";
  return fmt::format(
      "Chips of {} are places of one measured die: ± and p say nothing about other dies.\n", names);
}

/// How far other images would move the errors of an evaluation.
std::string images_note(const StudyResult& result, const study::EvaluationNote& note) {
  std::vector<results::ErrorSpread> errors;
  for (const RowResult& row : result.rows) {
    for (const Cell& cell : row.cells) {
      if (cell.evaluation == note.name && cell.is_error()) errors.push_back(cell.spread);
    }
  }
  const std::string text = images_text(errors, note.images);
  return text.empty() ? "" : ". " + text;
}

/// How far the means of the bit positions deviate, at most in any row, and how far the places of
/// one position do there. "" where neither is known, because there are too few places.
std::string positions_text(const StudyResult& result, const std::string& evaluation) {
  std::optional<results::PositionSpread> most;
  for (const RowResult& row : result.rows) {
    for (const Cell& cell : row.cells) {
      if (cell.evaluation != evaluation) continue;
      for (const auto& positions : cell.positions) {
        if (!positions.between || (most && *positions.between < *most->between)) continue;
        most = positions;
      }
    }
  }
  if (!most) return "";
  std::string text = fmt::format(
      "; the means of the bit positions deviate by {:.2f} points at most", *most->between);
  if (most->within)
    text += fmt::format(", the places of one position there by {:.2f}", *most->within);
  return text;
}

/// What the numbers were measured on, one line per evaluation.
std::vector<std::string> notes_of(const StudyResult& result) {
  std::vector<std::string> notes;
  for (const study::EvaluationNote& note : result.evaluations) {
    const study::Setting& setting = note.setting;
    notes.push_back(fmt::format(
        "{}: {}, the first {} of {} ({}), engine {}", note.name,
        note.axis.empty() ? note.places ? "one number a network, or a place of one die"
                                        : "one number a network or chip"
        : note.places     ? "places of one die at each " + note.axis
                          : "chips or draws at each " + note.axis,
        note.images == 1 ? "image" : counted(note.images, "image"), setting.setup.images.dataset,
        experiment::to_string(setting.setup.images.split), setting.setup.engine));
    if (!note.drawn.empty()) notes.back() += ", " + note.drawn;
    if (note.places) notes.back() += positions_text(result, note.name);
    notes.back() += images_note(result, note);
  }
  for (const RowResult& row : result.rows) {
    if (!row.problem.empty())
      notes.push_back(fmt::format("{}: no numbers: {}", row.name, row.problem));
    for (const auto& [evaluation, reason] : row.misfits) {
      notes.push_back(fmt::format("{}, {}: no numbers: {}", row.name, evaluation, reason));
    }
  }
  return notes;
}

std::string text_table(const Lines& lines, const std::set<std::size_t>& left) {
  Table table(lines[0], left);
  for (std::size_t i = 1; i < lines.size(); ++i) table.add(lines[i]);
  return table.text();
}

/// Names and titles as text: they can neither begin nor end a line, cell or HTML tag.
std::string markdown(const std::string& text) {
  std::string out;
  for (const char c : printable(text)) {
    out += c == '<' ? "&lt;" : c == '|' ? "\\|" : c == '`' ? "'" : std::string(1, c);
  }
  return out;
}

std::string markdown_table(const Lines& lines) {
  std::string text;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    text += "|";
    for (const std::string& cell : lines[i]) text += " " + markdown(cell) + " |";
    text += "\n";
    if (i > 0) continue;
    text += "|";
    for (std::size_t c = 0; c < lines[0].size(); ++c) text += c == 0 ? "---|" : "---:|";
    text += "\n";
  }
  return text;
}

std::string source_line(const StudyResult& result) {
  return fmt::format("Column \"{}\": {}.", result.published_title, result.source);
}

}  // namespace

std::string study_text(const StudyResult& result) {
  std::string text = result.title + "\n\n" + text_table(table_of(result), {0});
  const Lines comparisons = comparisons_of(result);
  if (!comparisons.empty()) {
    text += "\nOn the same chips:\n" + text_table(comparisons, {0, 1, 2, 10}) + kComparisonNote +
            places_note(result);
  }
  text += "\n";
  if (!result.source.empty()) text += source_line(result) + "\n";
  for (const std::string& note : notes_of(result)) text += note + "\n";
  return text;
}

std::string study_markdown(const StudyResult& result) {
  std::string text = "# " + markdown(result.title) + "\n\n" + markdown_table(table_of(result));
  const Lines comparisons = comparisons_of(result);
  if (!comparisons.empty()) {
    text += "\nDifferences on the same chips and images:\n\n" + markdown_table(comparisons) + "\n" +
            kComparisonNote + places_note(result);
  }
  text += "\n";
  if (!result.source.empty()) text += markdown(source_line(result)) + "\n";
  text +=
      "Mean ± sample standard deviation over the chips (places of one die where a note says so); "
      "with several seeds over the networks' means. How far other images would move the means "
      "stands with each evaluation.\n\n";
  for (const std::string& note : notes_of(result)) text += "- " + markdown(note) + "\n";
  text += "\nNetworks:\n\n";
  for (const RowResult& row : result.rows) {
    for (const study::RowNetwork& network : row.networks) {
      text += fmt::format("- {}: `{}`, {}\n", markdown(row.name), markdown(network.name),
                          network.sha256.substr(0, 16));
    }
  }
  return text;
}

std::string study_list(const study::StudyFile& study, const std::vector<std::string>& only) {
  std::string text = study.title + "\n\n";
  Table rows({"row", "seeds", "network or training, and what changes in it"}, {0, 2});
  std::set<std::string> chosen;
  for (const study::Row* const choice : study::chosen_rows(study, only)) {
    const study::Row& row = *choice;
    chosen.insert(row.name);
    std::string what = row.network.filename().string();
    if (!row.trainings.empty()) {
      const study::TrainingChoice& first = row.trainings.front();
      what = first.config.filename().string();
      for (const std::string& assignment : first.assignments) {
        if (row.trainings.size() == 1 || assignment.rfind("seed=", 0) != 0)
          what += " " + assignment;
      }
      if (!first.exported.empty()) {
        what += fmt::format("; exported with {}", fmt::join(first.exported, " "));
      }
    }
    if (row.scale != 1.0) what += fmt::format("; weights times {}", row.scale);
    rows.add({row.name, std::to_string(std::max<std::size_t>(1, row.trainings.size())), what});
  }
  text += rows.text() + "\n";
  Table columns({"evaluation", "on", "columns"}, {0, 1, 2});
  for (const study::NamedEvaluation& named : study.evaluations) {
    const std::vector<std::string> labels = named.evaluation->labels();
    columns.add({named.name,
                 fmt::format("{} ({}), {}", named.evaluation->setting().setup.images.dataset,
                             experiment::to_string(named.evaluation->setting().setup.images.split),
                             named.evaluation->setting().setup.engine),
                 labels.empty() ? "one a layer" : fmt::format("{}", fmt::join(labels, "; "))});
  }
  text += columns.text();
  Table comparisons({"expected higher", "than", "at"}, {0, 1, 2});
  bool compares = false;
  for (const study::ComparisonChoice& choice : study.comparisons) {
    if (chosen.count(choice.higher) == 0 || chosen.count(choice.lower) == 0) continue;
    comparisons.add({choice.higher, choice.lower, choice.evaluation + ", " + choice.label});
    compares = true;
  }
  return compares ? text + "\n" + comparisons.text() : text;
}

}  // namespace brownout::report
