// SPDX-License-Identifier: Apache-2.0
// Runs a study: trainings as processes, evaluations through the result store, one table at the end.
#pragma once
#include <filesystem>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "sim/results/store.hpp"
#include "sim/study/study_file.hpp"
#include "sim/study/study_result.hpp"

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

/// Names of the files that a study writes into its folder.
results::StoreKind store_kind();

/// InputError, before anything runs, for rows that do not exist, data sets that are missing (with
/// the rows that need them), networks that cannot be read and trainings that the trainer refuses. A
/// training that fails marks its row as failed. An evaluation that a network does not support marks
/// the cells of that network as failed. The rest of the study continues.
StudyResult run_study(const StudyFile& study, const StudyOptions& options);

}  // namespace brownout::study
