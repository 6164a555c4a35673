// SPDX-License-Identifier: Apache-2.0
// Field by field, with the place in every message.
#include "sim/study/stored_study.hpp"

#include <limits>

#include "sim/base/error.hpp"
#include "sim/base/files.hpp"
#include "sim/results/store.hpp"
#include "sim/study/study.hpp"

namespace brownout::study {

namespace fs = std::filesystem;

namespace {

constexpr double kMost = 1e15;
constexpr char kWriter[] = "`brownout study`";
constexpr char kStudyName[] = "study.json";

StoredCell stored_cell(const JsonObject& from) {
  StoredCell cell;
  cell.evaluation = from.text("evaluation");
  cell.column = from.text("column");
  cell.unit = from.text("unit");
  cell.at = from.number_if_given("at", -kMost, kMost);
  cell.mean = from.number("mean", -kMost, kMost);
  cell.std = from.number_if_given("std", -kMost, kMost);
  cell.published = from.number_if_given("published", -kMost, kMost);
  cell.ci95 = from.pair_if_given("ci95", -kMost, kMost);
  cell.ci95_all = from.pair_if_given("ci95_all", -kMost, kMost);
  const Json& samples = from.at("samples");
  if (!samples.is_array()) from.fail("samples", "a list of lists of numbers");
  for (const Json& network : samples) {
    if (!network.is_array()) from.fail("samples", "a list of lists of numbers");
    cell.samples.emplace_back();
    for (const Json& sample : network) {
      if (!sample.is_number()) from.fail("samples", "a list of lists of numbers");
      cell.samples.back().push_back(sample);
    }
  }
  return cell;
}

StoredStudyRow row_of(const JsonObject& from) {
  StoredStudyRow row;
  row.name = from.text("row");
  if (from.given("problem")) row.problem = from.text("problem");
  for (const JsonObject& network : from.objects("networks")) {
    row.networks.push_back(
        {network.text("model"), network.text("model_file"), network.text("model_sha256")});
  }
  for (const JsonObject& cell : from.objects("cells")) row.cells.push_back(stored_cell(cell));
  return row;
}

StoredEvaluation evaluation_of(const JsonObject& from) {
  StoredEvaluation evaluation;
  evaluation.name = from.text("evaluation");
  evaluation.dataset = from.text("dataset");
  evaluation.split = from.text("split");
  evaluation.engine = from.text("engine");
  if (from.given("axis")) evaluation.axis = from.text("axis");
  evaluation.images = from.integer("images", 0, std::numeric_limits<std::int64_t>::max());
  return evaluation;
}

StoredComparison comparison_of(const JsonObject& from) {
  StoredComparison comparison;
  comparison.higher = from.text("higher");
  comparison.lower = from.text("lower");
  comparison.evaluation = from.text("evaluation");
  comparison.column = from.text("column");
  if (from.given("verdict")) comparison.verdict = from.text("verdict");
  comparison.difference_points = from.number_if_given("difference_points", -kMost, kMost);
  comparison.standard_error = from.number_if_given("standard_error", -kMost, kMost);
  comparison.images_standard_error = from.number_if_given("images_standard_error", -kMost, kMost);
  comparison.p_holm = from.number_if_given("p_holm", -kMost, kMost);
  return comparison;
}

bool holds_file(const fs::path& folder, const std::string& name) {
  std::error_code error;
  return fs::is_regular_file(folder / name, error);
}

FolderKind kind_of(const fs::path& folder) {
  std::error_code error;
  if (!fs::is_directory(folder, error)) {
    throw InputError("{}: expected the folder of a sweep or a study, found {}", folder.string(),
                     fs::exists(folder, error) ? "a file" : "nothing");
  }
  const bool sweep =
      holds_file(folder, results::sweep_kind().identity) || holds_file(folder, "sweep.json");
  const bool study = holds_file(folder, store_kind().identity) || holds_file(folder, kStudyName);
  if (sweep && study) {
    throw InputError(
        "{}: holds both a sweep and a study; expected one of them (sweep.json or study.json)",
        folder.string());
  }
  if (sweep) return FolderKind::kSweep;
  if (study) return FolderKind::kStudy;
  throw InputError(
      "{}: holds no results; expected the folder of a sweep (sweep.json) or of a study "
      "(study.json)",
      folder.string());
}

const char* name_of(FolderKind kind) { return kind == FolderKind::kSweep ? "a sweep" : "a study"; }

}  // namespace

StoredStudy read_study(const fs::path& folder) {
  results::read_stored_rows(folder, store_kind());  // none is running there
  const fs::path file = folder / kStudyName;
  if (!holds_file(folder, kStudyName)) {
    throw InputError("{}: missing; the study has not ended. Give its command again", file.string());
  }
  const Json content = read_json(file);
  const JsonObject json(content, file.string(), kWriter);
  StoredStudy study;
  study.folder = folder;
  study.name = json.text("study");
  study.title = json.text("title");
  if (json.given("source")) study.source = json.text("source");
  if (json.has("notes")) study.notes = json.texts("notes");
  for (const JsonObject& one : json.objects("evaluations")) {
    study.evaluations.push_back(evaluation_of(one));
  }
  for (const JsonObject& row : json.objects("rows")) study.rows.push_back(row_of(row));
  for (const JsonObject& one : json.objects("comparisons")) {
    study.comparisons.push_back(comparison_of(one));
  }
  for (const char* picture : {"study.svg", "histograms.svg"}) {
    if (holds_file(folder, picture)) study.pictures.push_back(read_file(folder / picture));
  }
  if (holds_file(folder, store_kind().identity))
    study.identity = read_json(folder / store_kind().identity);
  return study;
}

FolderKind kind_of_folders(const std::vector<fs::path>& folders) {
  const FolderKind kind = kind_of(folders.front());
  for (std::size_t i = 1; i < folders.size(); ++i) {
    if (const FolderKind other = kind_of(folders[i]); other != kind) {
      throw InputError("{} holds {}, {} {}: expected folders of one kind, whose numbers compare",
                       folders.front().string(), name_of(kind), folders[i].string(),
                       name_of(other));
    }
    for (std::size_t k = 0; k < i; ++k) {
      std::error_code error;
      if (fs::equivalent(folders[k], folders[i], error)) {
        throw InputError("{}: expected each folder once", folders[i].string());
      }
    }
  }
  return kind;
}

}  // namespace brownout::study
