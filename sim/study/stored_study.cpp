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

bool is_given(const JsonObject& object, const char* key) {
  return object.has(key) && !object.at(key).is_null();
}

std::optional<double> number_if_given(const JsonObject& object, const char* key) {
  if (!is_given(object, key)) return std::nullopt;
  return object.number(key, -kMost, kMost);
}

std::optional<std::array<double, 2>> pair_if_given(const JsonObject& object, const char* key) {
  if (!is_given(object, key)) return std::nullopt;
  const std::vector<double> ends = object.numbers(key, -kMost, kMost);
  if (ends.size() != 2) object.fail(key, "two numbers");
  return std::array<double, 2>{ends[0], ends[1]};
}

std::vector<std::string> texts_of(const JsonObject& object, const char* key) {
  std::vector<std::string> texts;
  if (!object.has(key)) return texts;
  const Json& list = object.at(key);
  if (!list.is_array()) object.fail(key, "a list of texts");
  for (const Json& text : list) {
    if (!text.is_string()) object.fail(key, "a list of texts");
    texts.push_back(text);
  }
  return texts;
}

StoredCell stored_cell(const JsonObject& from) {
  StoredCell cell;
  cell.evaluation = from.text("evaluation");
  cell.column = from.text("column");
  cell.unit = from.text("unit");
  cell.at = number_if_given(from, "at");
  cell.mean = from.number("mean", -kMost, kMost);
  cell.std = number_if_given(from, "std");
  cell.published = number_if_given(from, "published");
  cell.ci95 = pair_if_given(from, "ci95");
  cell.ci95_all = pair_if_given(from, "ci95_all");
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
  if (is_given(from, "problem")) row.problem = from.text("problem");
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
  if (is_given(from, "axis")) evaluation.axis = from.text("axis");
  evaluation.images = from.integer("images", 0, std::numeric_limits<std::int64_t>::max());
  return evaluation;
}

StoredComparison comparison_of(const JsonObject& from) {
  StoredComparison comparison;
  comparison.higher = from.text("higher");
  comparison.lower = from.text("lower");
  comparison.evaluation = from.text("evaluation");
  comparison.column = from.text("column");
  if (is_given(from, "verdict")) comparison.verdict = from.text("verdict");
  comparison.difference_points = number_if_given(from, "difference_points");
  comparison.standard_error = number_if_given(from, "standard_error");
  comparison.images_standard_error = number_if_given(from, "images_standard_error");
  comparison.p_holm = number_if_given(from, "p_holm");
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
  if (is_given(json, "source")) study.source = json.text("source");
  study.notes = texts_of(json, "notes");
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
