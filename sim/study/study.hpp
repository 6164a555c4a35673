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
#include "sim/workers/ranks.hpp"
#include "sim/workers/shard.hpp"

namespace brownout::study {

struct StudyOptions {
  std::filesystem::path folder;            // of the results
  std::filesystem::path trainings_folder;  // shared by all studies
  std::function<std::string()> find_trainer;
  int threads = 1;
  bool quiet = false;
  std::vector<std::string> only;    // names of rows; empty: all
  workers::Ranks* ranks = nullptr;  // null: this process is alone
};

/// The rows of these names, in the file's order; no names means all rows. InputError for a row that
/// is not there.
std::vector<const Row*> chosen_rows(const StudyFile& study, const std::vector<std::string>& only);

/// Names of the files that a study writes into its folder, and what says whose the folder is.
results::StoreKind store_kind();
std::string store_identity(const std::string& study);

/// InputError, before anything runs, for rows that do not exist, data sets that are missing (with
/// the rows that need them), networks that cannot be read and trainings that the trainer refuses. A
/// training that fails marks its row as failed. An evaluation that a network does not support marks
/// the cells of that network as failed. The rest of the study continues.
StudyResult run_study(const StudyFile& study, const StudyOptions& options);

/// On the other ranks: helps until rank 0 has all. Returns the exit code.
int serve_study(const StudyFile& study, const StudyOptions& options);

/// Does a shard, whose units are rows, into a folder of its own, for merge_study_shards. Returns
/// the number of stored rows.
std::int64_t run_study_shard(const StudyFile& study, const StudyOptions& options,
                             const workers::Shard& shard);

/// Makes one study of its shards, whose rows it copies into the folder. `identity`: theirs.
/// InputError when the file is that of another study, or a training is not there.
StudyResult merge_study_shards(const StudyFile& study, const StudyOptions& options,
                               const std::vector<std::filesystem::path>& shards,
                               const Json& identity);

}  // namespace brownout::study
