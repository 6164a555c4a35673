// SPDX-License-Identifier: Apache-2.0
// A finished study, read back from its folder; and what kind of results a folder holds.
#pragma once
#include <array>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "sim/base/json.hpp"

namespace brownout::study {

struct StoredCell {
  std::string evaluation, column, unit;
  std::optional<double> at;  // place on the axis of its evaluation
  double mean = 0.0;
  std::optional<double> std, published;
  std::optional<std::array<double, 2>> ci95, ci95_all;
  std::vector<std::vector<double>> samples;  // networks × chips
};

struct StoredNetwork {
  std::string name, file, sha256;
};

struct StoredStudyRow {
  std::string name, problem;
  std::vector<StoredNetwork> networks;
  std::vector<StoredCell> cells;
};

struct StoredEvaluation {
  std::string name, dataset, split, engine;
  std::string axis;  // "": none
  std::int64_t images = 0;
};

struct StoredComparison {
  std::string higher, lower, evaluation, column, verdict;
  std::optional<double> difference_points, standard_error, images_standard_error, p_holm;
};

struct StoredStudy {
  std::filesystem::path folder;
  std::string name, title, source;
  std::vector<std::string> notes;
  std::vector<StoredEvaluation> evaluations;
  std::vector<StoredStudyRow> rows;
  std::vector<StoredComparison> comparisons;
  std::vector<std::string> pictures;  // SVG files
  Json identity;
};

/// InputError for a folder that is not that of a finished study, or that a study is using.
StoredStudy read_study(const std::filesystem::path& folder);

enum class FolderKind { kSweep, kStudy };
/// What all of these folders hold. InputError for a folder that holds no results, for one that is
/// given twice, and for folders of different kinds.
FolderKind kind_of_folders(const std::vector<std::filesystem::path>& folders);

}  // namespace brownout::study
