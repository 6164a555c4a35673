// SPDX-License-Identifier: Apache-2.0
// Sensitivities as jobs: the error of each network without faults, then with the faults of one
// tensor, or of one bit position, chip by chip.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "sim/base/json.hpp"
#include "sim/base/progress.hpp"
#include "sim/experiment/model.hpp"
#include "sim/results/row_store.hpp"
#include "sim/runs/sensitivity_run.hpp"
#include "sim/weights/selection.hpp"
#include "sim/workers/jobs.hpp"
#include "sim/workers/shard.hpp"

namespace brownout::runs {

/// Networks and images, read and checked by every process. InputError as run_sensitivity.
struct SensitivityParts {
  explicit SensitivityParts(const SensitivityConfig& settings);

  /// What all processes must agree on, and what a folder is of.
  const Json& identity() const { return identity_; }
  /// Keys of rows: of the error without faults, and of a group.
  std::string clean_key(std::size_t network) const;
  std::string group_key(std::size_t network, std::size_t group) const;
  /// {"tensor": name}, or {"bit": 3}.
  Json described_group(std::size_t network, std::size_t group) const;
  /// The tensor, or "bit 3", for people.
  std::string group_name(std::size_t network, std::size_t group) const;

  const SensitivityConfig& config;
  experiment::OpenImages images;
  std::vector<experiment::Model> models;
  std::vector<weights::Sensitivity> described;  // tensors and bits, without numbers
  std::vector<std::vector<weights::Selection>> groups;

 private:
  std::string key(std::size_t network, Json what) const;

  Json identity_;
};

/// A number of a row, which must be there. InputError when the row is not what was written.
double sensitivity_row_number(const results::RowStore& rows, const std::string& key,
                              const char* field);

class SensitivityMeasurement;

/// Does jobs. One thread uses it.
class SensitivityWorker {
 public:
  SensitivityWorker(const SensitivityParts& parts, int threads);
  ~SensitivityWorker();
  void run(const std::string& job, results::RowStore& rows);

 private:
  const SensitivityParts& parts_;
  int threads_;
  std::size_t network_ = 0;
  std::unique_ptr<SensitivityMeasurement> measurement_;  // of that network
};

/// All jobs whose rows the store lacks. The units of a shard are networks, its rows their groups.
class SensitivityPlan : public workers::Plan {
 public:
  SensitivityPlan(const SensitivityParts& parts, const results::RowStore& rows, Progress& progress,
                  const workers::Shard& shard = {})
      : parts_(parts), rows_(rows), progress_(progress), shard_(shard) {}
  std::vector<workers::Job> first() override;
  std::vector<workers::Job> after(const workers::Job& done) override;

  /// Rows of the shard.
  static std::int64_t work_of(const SensitivityParts& parts, const workers::Shard& shard);

 private:
  std::vector<workers::Job> groups_of(std::size_t network);

  const SensitivityParts& parts_;
  const results::RowStore& rows_;
  Progress& progress_;
  workers::Shard shard_;
};

}  // namespace brownout::runs
