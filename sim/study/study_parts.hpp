// SPDX-License-Identifier: Apache-2.0
// All of a study that is read and settled before anything is computed, by every process that takes
// part in it.
#pragma once
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "sim/base/json.hpp"
#include "sim/study/study.hpp"
#include "sim/study/training_pool.hpp"

namespace brownout::study {

/// For the progress display: an epoch takes about as long as this many patterns.
inline constexpr std::int64_t kPatternsPerEpoch = 50;

/// The chosen rows of a study, their data sets and trainings. What it refers to must outlive it.
class StudyParts {
 public:
  /// All data sets must be there, all networks must be readable, and all trainings must be known.
  /// InputError, with the rows that it concerns, for what is not. `datasets`: those that others
  /// have read.
  StudyParts(const StudyFile& study, const StudyOptions& options,
             std::shared_ptr<Datasets> datasets = std::make_shared<Datasets>());

  /// What all processes must agree on: rows, networks, trainings and images.
  Json identity();

  const StudyFile& study;
  const StudyOptions& options;
  const std::vector<const Row*> rows;
  const std::shared_ptr<Datasets> datasets;
  TrainingPool pool;
  std::vector<std::vector<std::size_t>> trainings;  // of each row, as the pool numbers them

  /// Calls of Bench::tick for a row, whose networks need not be there yet.
  std::int64_t patterns(const Row& row) const;
  /// A training in such units.
  std::int64_t work_of(std::size_t training) const;
  /// All of it.
  std::int64_t work() const;

 private:
  void plan();
};

/// The network of a row with its weights scaled as the row says.
experiment::Model load_network(const Row& row, const std::filesystem::path& file);

}  // namespace brownout::study
