// SPDX-License-Identifier: Apache-2.0
#include "sim/runs/adaptive_sweep.hpp"

#include <chrono>
#include <memory>
#include <vector>

#include "sim/base/json.hpp"
#include "sim/base/progress.hpp"
#include "sim/runs/adaptive_jobs.hpp"
#include "sim/runs/adaptive_model.hpp"
#include "sim/runs/each_unit.hpp"
#include "sim/runs/safe_voltage_search.hpp"

namespace brownout::runs {

namespace {

/// A process that is alone runs each clean network on all its threads, since nothing else can begin
/// before.
void run_clean_networks(const SweepParts& parts, int threads, const AdaptivePlan& plan,
                        results::RowStore& rows, Progress& progress) {
  const SweepBench bench = bench_of(parts, rows, threads, progress);
  for (const SweepUnit& unit : plan.units()) {
    const SweepTarget& target = parts.targets[unit.target];
    if (AdaptiveModel::has_clean(bench, target, unit.network)) continue;
    AdaptiveModel(bench, target, unit.network, parts.config.mitigations[unit.mitigation]);
  }
}

/// Stage after stage, as they were decided.
std::vector<results::SampledStage> stages_of(const AdaptiveModel& model, double level) {
  std::vector<results::SampledStage> done;
  while (const std::optional<results::SampleStage> stage = model.plan().next(done)) {
    done.push_back(model.stored(level, *stage));
  }
  return done;
}

/// Whether a row of the point was added in this run.
bool computed(const AdaptiveModel& model, double level,
              const std::vector<results::SampledStage>& done, results::AddedRows& added) {
  bool any = false;
  for (const results::SampledStage& stage : done) {
    for (const results::SampleStage& block : model.blocks(stage.what)) {
      any = added.take(model.key(level, block)) || any;
    }
  }
  return any;
}

}  // namespace

std::int64_t fill_adaptively(const SweepParts& parts, const SweepHow& how,
                             const workers::Shard& shard, results::RowStore& rows) {
  Progress progress("sweep", 0, how.quiet);
  AdaptivePlan plan(parts, rows, progress, shard);
  workers::Alone alone;
  workers::Ranks& ranks = how.ranks == nullptr ? alone : *how.ranks;
  if (ranks.size() == 1) run_clean_networks(parts, how.threads, plan, rows, progress);
  // Few images of a chip keep no second thread busy, so each thread has chips of its own.
  std::vector<std::unique_ptr<AdaptiveWorker>> workers;
  std::vector<workers::Work> own;
  for (int i = 0; i < how.threads; ++i) {
    workers.push_back(std::make_unique<AdaptiveWorker>(parts, 1));
    own.emplace_back(
        [worker = workers.back().get()](const std::string& job, results::RowStore& store) {
          worker->run(job, store);
        });
  }
  workers::hand_out(ranks, plan, own, rows);
  progress.finish();
  return plan.evaluated();
}

results::SweepResult run_adaptively(const SweepParts& parts, const SweepHow& how) {
  results::SweepResult result = parts.described;
  if (how.ranks != nullptr) {
    workers::expect_agreement(*how.ranks, Json::parse(result.identity));
  }
  results::Store store(how.folder, result.identity);
  results::AddedRows added(store);
  const auto start = std::chrono::steady_clock::now();
  const std::int64_t evaluated = fill_adaptively(parts, how, {}, added);
  const double seconds =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();

  Progress progress("sweep", 1, /*quiet=*/true);
  SweepBench bench = bench_of(parts, store, how.threads, progress);
  bench.added = &added;
  for_each_unit(
      parts, store, result,
      [&](CostCache& costs, const SweepTarget& target, std::size_t network,
          const SweepMitigation& mitigation) {
        AdaptiveModel model(bench, target, network, mitigation);
        const std::size_t first = result.points.size();
        for (const double level : parts.config.levels()) {
          const std::vector<results::SampledStage> done = stages_of(model, level);
          result.points.push_back(model.point(level, done, costs));
          result.points_computed += computed(model, level, done, added) ? 1 : 0;
        }
        if (!parts.config.has_safe_voltage()) return;
        result.safe_voltage.push_back(find_safe_voltage(parts.config, parts.chips, model.sweep(),
                                                        costs, result.points[first], result));
      });
  store.commit();
  result.settle();
  if (evaluated > 0) result.images_per_s = static_cast<double>(evaluated) / seconds;
  return result;
}

}  // namespace brownout::runs
