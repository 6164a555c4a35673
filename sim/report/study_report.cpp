// SPDX-License-Identifier: Apache-2.0
// The terminal's text and Markdown, from one grid of cells.
#include "sim/report/study_report.hpp"

#include <fmt/format.h>

#include <set>

#include "sim/report/markdown.hpp"
#include "sim/report/study_table.hpp"
#include "sim/report/table.hpp"

namespace brownout::report {

namespace {

using study::RowResult;
using study::StudyResult;

constexpr char kComparisonNote[] =
    "±: standard error of the mean difference from each source. p: of all of them together. "
    "Decided where p, after Holm's correction for all comparisons of the study, is below 0.05.\n";

std::string text_table(const Lines& lines, const std::set<std::size_t>& left) {
  Table table(lines[0], left);
  for (std::size_t i = 1; i < lines.size(); ++i) table.add(lines[i]);
  return table.text();
}

/// Nothing if there is no text.
std::string line_of(const std::string& text) { return text.empty() ? "" : text + "\n"; }

std::string markdown_table(const Lines& lines) {
  std::string text;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    text += "|";
    for (const std::string& cell : lines[i]) text += " " + markdown_text(cell) + " |";
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
  std::string text = result.title + "\n\n" + text_table(study_table(result), {0});
  const Lines comparisons = study_comparisons(result);
  if (!comparisons.empty()) {
    text += "\nOn the same chips:\n" + text_table(comparisons, {0, 1, 2, 10}) + kComparisonNote +
            line_of(places_note(result));
  }
  text += "\n";
  if (!result.source.empty()) text += source_line(result) + "\n";
  for (const std::string& note : study_notes(result)) text += note + "\n";
  return text;
}

std::string study_markdown(const StudyResult& result) {
  std::string text =
      "# " + markdown_text(result.title) + "\n\n" + markdown_table(study_table(result));
  const Lines comparisons = study_comparisons(result);
  if (!comparisons.empty()) {
    text += "\nDifferences on the same chips and images:\n\n" + markdown_table(comparisons) + "\n" +
            kComparisonNote + line_of(markdown_text(places_note(result)));
  }
  text += "\n";
  if (!result.source.empty()) text += markdown_text(source_line(result)) + "\n";
  text +=
      "Mean ± sample standard deviation over the chips (places of one die where a note says so); "
      "with several seeds over the networks' means. How far other images would move the means "
      "stands with each evaluation.\n\n";
  for (const std::string& note : study_notes(result)) text += "- " + markdown_text(note) + "\n";
  text += "\nNetworks:\n\n";
  for (const RowResult& row : result.rows) {
    for (const study::RowNetwork& network : row.networks) {
      text += fmt::format("- {}: {}, {}\n", markdown_text(row.name), markdown_code(network.name),
                          network.sha256.substr(0, 16));
    }
  }
  return text;
}

}  // namespace brownout::report
