// SPDX-License-Identifier: Apache-2.0
// A sweep as jobs: the clean networks, chips at the voltages or rates of the grid, searches for
// safe voltages (of a mean, voltage by voltage), and the chips that state what those are worth.
#pragma once
#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "sim/base/progress.hpp"
#include "sim/runs/kept_models.hpp"
#include "sim/runs/model_sweep.hpp"
#include "sim/runs/sweep_parts.hpp"
#include "sim/workers/jobs.hpp"
#include "sim/workers/shard.hpp"

namespace brownout::runs {

/// A network with a mitigation on a target that has errors of its own.
struct SweepUnit {
  std::size_t target = 0, network = 0, mitigation = 0;
};
std::vector<SweepUnit> units_of(const SweepParts& parts);

/// Chips that a search for a safe voltage evaluates, for progress displays: most are tried once,
/// and all of them at the answer.
std::int64_t work_of_search(const SweepConfig& config);

SweepBench bench_of(const SweepParts& parts, results::RowStore& store, int threads,
                    Progress& progress);

/// One run of the accelerator's model for each number of cycles that a network may take, where the
/// store lacks it: "count TARGET NETWORK MITIGATION".
std::vector<workers::Job> count_jobs(const SweepParts& parts, results::RowStore& store,
                                     const workers::Shard& shard);
/// Does such a job. False for any other.
bool run_count(const SweepParts& parts, const std::string& job, results::RowStore& rows);

/// Does jobs of a sweep. One thread uses it, always with the same store.
class SweepWorker {
 public:
  SweepWorker(const SweepParts& parts, int threads);
  void run(const std::string& job, results::RowStore& rows);

 private:
  ModelSweep& model(std::size_t unit, results::RowStore& rows);

  const SweepParts& parts_;
  int threads_;
  SweepChips chips_;
  std::vector<SweepUnit> units_;
  Progress progress_;
  KeptModels<ModelSweep> models_;
  std::unique_ptr<SweepBench> bench_;
};

/// All jobs of a shard whose rows the store lacks. `progress` counts chips.
class SweepPlan : public workers::Plan {
 public:
  SweepPlan(const SweepParts& parts, results::RowStore& store, Progress& progress,
            const workers::Shard& shard = {});
  std::vector<workers::Job> first() override;
  std::vector<workers::Job> after(const workers::Job& done) override;

 private:
  struct Unit {
    SweepUnit what;
    std::unique_ptr<ModelSweep> model;  // once its clean network is there
    std::size_t open = 0;               // jobs of the grid that are not done
    bool begun = false;
    std::set<std::string> asked{};        // keys of rows that are jobs: voltages may share them
    std::map<std::size_t, bool> holds{};  // levels of a mean that are known
  };

  /// The jobs of a unit whose clean network is there.
  std::vector<workers::Job> begin(std::size_t unit);
  /// The jobs of the chips of a list that are among those asked for.
  std::vector<workers::Job> rows(Unit& unit, std::size_t number, const Chips& chips,
                                 const char* list, double level,
                                 const std::function<bool(std::size_t chip)>& asked_for);
  /// The level whose chips the search for a mean needs next and the store lacks; none when the
  /// search is through.
  std::optional<double> next_of_mean(Unit& unit);
  /// The chips that state what a safe voltage is worth, when it is found.
  std::vector<workers::Job> state(std::size_t number);
  std::vector<workers::Job> search_if_complete(std::size_t unit);
  double cost(const Unit& unit) const;

  const SweepParts& parts_;
  results::RowStore& store_;
  SweepBench bench_;
  workers::Shard shard_;
  std::vector<Unit> units_;
};

}  // namespace brownout::runs
