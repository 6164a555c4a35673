// SPDX-License-Identifier: Apache-2.0
// A sweep that stops when it knows enough, as jobs: the clean networks, blocks of chips, stage
// after stage of each point, searches for safe voltages, and the chips that state what those are
// worth.
#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "sim/base/progress.hpp"
#include "sim/runs/adaptive_model.hpp"
#include "sim/runs/sweep_jobs.hpp"
#include "sim/workers/jobs.hpp"
#include "sim/workers/shard.hpp"

namespace brownout::runs {

/// Does jobs of a sweep. One thread uses it, always with the same store.
class AdaptiveWorker {
 public:
  AdaptiveWorker(const SweepParts& parts, int threads);
  void run(const std::string& job, results::RowStore& rows);

 private:
  AdaptiveModel& model(std::size_t unit, results::RowStore& rows);

  const SweepParts& parts_;
  int threads_;
  SweepChips chips_;
  std::vector<SweepUnit> units_;
  Progress progress_;
  KeptModels<AdaptiveModel> models_;
  std::unique_ptr<SweepBench> bench_;
};

/// All jobs whose rows the store lacks. A shard does whole points, and then whole searches: those
/// whose number is its own modulo the number of shards. `progress` counts chips.
class AdaptivePlan : public workers::Plan {
 public:
  AdaptivePlan(const SweepParts& parts, results::RowStore& store, Progress& progress,
               const workers::Shard& shard = {});
  std::vector<workers::Job> first() override;
  std::vector<workers::Job> after(const workers::Job& done) override;

  /// The units that have a point or a search here.
  std::vector<SweepUnit> units() const;
  /// Images that jobs of this plan have evaluated.
  std::int64_t evaluated() const { return evaluated_; }

 private:
  struct Unit {
    SweepUnit what;
    std::unique_ptr<AdaptiveModel> model;  // once its clean network is there
    bool searches = false;                 // its safe voltage, here
  };
  struct Point {
    std::size_t unit = 0, level = 0;
    std::vector<results::SampledStage> done;
    std::optional<results::SampleStage> stage;  // the one that runs
    std::size_t open = 0;                       // blocks of it that are not done
  };

  bool has_work(std::size_t unit) const;
  bool is_ready(const Unit& unit) const;
  std::vector<workers::Job> begin(std::size_t unit);
  /// The jobs of the next stage that lacks rows; none when the point is done.
  std::vector<workers::Job> advance(std::size_t point);
  /// The chips that state what a safe voltage is worth, when it is found.
  std::vector<workers::Job> state(std::size_t unit);

  const SweepParts& parts_;
  SweepBench bench_;
  std::vector<workers::Job> counts_;
  std::vector<Unit> units_;
  std::vector<Point> points_;
  std::int64_t evaluated_ = 0;
};

}  // namespace brownout::runs
