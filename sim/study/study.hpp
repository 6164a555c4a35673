// SPDX-License-Identifier: Apache-2.0
// Runs a study: trainings as processes, evaluations through the result store, one table at the end.
#pragma once
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "sim/results/statistics.hpp"
#include "sim/study/comparison.hpp"
#include "sim/study/evaluation.hpp"
#include "sim/study/study_file.hpp"
#include "sim/study/training_pool.hpp"

namespace brownout::study {

struct StudyOptions {
  std::filesystem::path folder;            // of the results
  std::filesystem::path trainings_folder;  // shared by all studies
  std::function<std::string()> find_trainer;
  int threads = 1;
  bool quiet = false;
  std::vector<std::string> only;  // names of rows; empty: all
};

/// The rows of these names, in the file's order; no names means all rows. InputError for a row that
/// is not there.
std::vector<const Row*> chosen_rows(const StudyFile& study, const std::vector<std::string>& only);

/// One number of a row.
struct Cell {
  std::string evaluation;
  Value header;                                    // without samples
  Samples samples;                                 // per network and chip
  ErrorTables wrong;                               // of an error: likewise, which images
  std::vector<results::PositionSpread> positions;  // per network
  results::ErrorSpread spread;  // one network: over its chips; several: over the networks' means

  bool is_error() const { return !wrong.empty(); }
  Measured measured() const { return {samples, wrong}; }
  std::optional<double> published;
};

struct RowNetwork {
  std::string name;  // stem of the file
  std::filesystem::path file;
  std::string sha256;  // with the scaling, where there is one
};

struct RowResult {
  std::string name;
  std::string problem;  // why there are no numbers at all
  /// Evaluations that were not possible, and why.
  std::vector<std::pair<std::string, std::string>> misfits;
  std::vector<RowNetwork> networks;
  std::vector<Cell> cells;
  std::vector<std::vector<NamedHistogram>> histograms;  // per network

  const Cell* find(const std::string& evaluation, const std::string& label) const;
  bool complete() const { return problem.empty() && misfits.empty(); }
};

struct ComparisonResult {
  ComparisonChoice choice;
  std::optional<Difference> difference;  // none: a row has no numbers, or was not asked for
};

/// What the table says beside its numbers.
struct EvaluationNote {
  std::string name;
  Setting setting;
  std::int64_t images = 0;
  std::string axis;
  std::string drawn;          // "10 chips from seed 0"
  bool places = false;        // of one die, where others have chips
  std::vector<double> steps;  // of the axis: Evaluation::steps
};

struct StudyResult {
  std::filesystem::path file;
  std::string name, title, source, published_title;
  std::vector<EvaluationNote> evaluations;
  std::vector<RowResult> rows;  // those asked for
  std::vector<ComparisonResult> comparisons;
  double seconds = 0.0;
};

/// Names of the files that a study writes into its folder.
results::StoreKind store_kind();

/// InputError, before anything runs, for rows that do not exist, data sets that are missing (with
/// the rows that need them), networks that cannot be read and trainings that the trainer refuses. A
/// training that fails marks its row as failed. An evaluation that a network does not support marks
/// the cells of that network as failed. The rest of the study continues.
StudyResult run_study(const StudyFile& study, const StudyOptions& options);

}  // namespace brownout::study
