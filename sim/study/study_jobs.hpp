// SPDX-License-Identifier: Apache-2.0
// A study as jobs: trainings, and the evaluations of a network once it is there.
#pragma once
#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "sim/base/progress.hpp"
#include "sim/results/row_store.hpp"
#include "sim/study/study_parts.hpp"
#include "sim/workers/jobs.hpp"
#include "sim/workers/shard.hpp"

namespace brownout::study {

/// Does jobs of a study. One thread uses it.
class StudyWorker {
 public:
  explicit StudyWorker(StudyParts& parts, int threads) : parts_(parts), threads_(threads) {}
  /// A training that fails, a network that cannot be read and an evaluation that a network does not
  /// support are no errors of the job: the table says them.
  void run(const std::string& job, results::RowStore& rows);

 private:
  void measure(std::size_t row, std::size_t network, std::size_t evaluation,
               results::RowStore& rows);

  StudyParts& parts_;
  int threads_;
  std::optional<std::pair<std::string, experiment::Model>> last_;  // row and file, network
};

/// All jobs of a shard, whose units are rows. `progress` counts patterns.
class StudyPlan : public workers::Plan {
 public:
  StudyPlan(StudyParts& parts, Progress& progress, const workers::Shard& shard = {})
      : parts_(parts), progress_(progress), shard_(shard), begun_(parts.rows.size(), false) {}
  std::vector<workers::Job> first() override;
  std::vector<workers::Job> after(const workers::Job& done) override;
  /// Of all jobs of a shard, as `progress` counts.
  static std::int64_t work(const StudyParts& parts, const workers::Shard& shard);

 private:
  bool has_row(std::size_t row) const { return shard_.has_unit(row, parts_.rows.size()); }
  /// Whether a row of the shard needs that training.
  static bool needs(const StudyParts& parts, const workers::Shard& shard, std::size_t training);
  /// The trainings that wait for `before` (none: for no other one).
  std::vector<workers::Job> trainings(std::optional<std::size_t> before) const;
  /// The evaluations of rows whose networks are all there, if they have not begun.
  std::vector<workers::Job> evaluations();

  StudyParts& parts_;
  Progress& progress_;
  workers::Shard shard_;
  std::vector<bool> begun_;  // by row
};

}  // namespace brownout::study
