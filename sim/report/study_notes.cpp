// SPDX-License-Identifier: Apache-2.0
// What a study's table does not say.
#include <fmt/format.h>

#include <algorithm>

#include "sim/base/text.hpp"
#include "sim/experiment/images.hpp"
#include "sim/report/error_text.hpp"
#include "sim/report/labels_note.hpp"
#include "sim/report/study_table.hpp"

namespace brownout::report {

namespace {

using study::RowResult;
using study::StudyResult;

/// How far other images would move the errors of an evaluation.
std::string images_note(const StudyResult& result, const study::EvaluationNote& note) {
  const std::string text = images_text(result.errors_of(note.name), note.images);
  return text.empty() ? "" : ". " + text;
}

/// How far the means of the bit positions deviate, at most in any row, and how far the places of
/// one position do there. "" where neither is known, because there are too few places.
std::string positions_text(const StudyResult& result, const std::string& evaluation) {
  const std::optional<results::PositionSpread> most = result.widest_positions(evaluation);
  if (!most) return "";
  std::string text = fmt::format(
      "; the means of the bit positions deviate by {:.2f} points at most", *most->between);
  if (most->within)
    text += fmt::format(", the places of one position there by {:.2f}", *most->within);
  return text;
}

}  // namespace

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
      "Chips of {} are places of one measured die: ± and p say nothing about other dies.", names);
}

std::vector<std::string> study_notes(const StudyResult& result) {
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
    if (!note.labelled) notes.back() += kCleanLabelsNote;
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

}  // namespace brownout::report
