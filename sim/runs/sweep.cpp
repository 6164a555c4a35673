// SPDX-License-Identifier: Apache-2.0
// Point by point through the result store: a network after another, with each of the mitigations.
// Other ranks, if there are any, have filled the store before.
#include "sim/runs/sweep.hpp"

#include <chrono>
#include <optional>

#include "sim/base/error.hpp"
#include "sim/base/json.hpp"
#include "sim/base/progress.hpp"
#include "sim/results/store.hpp"
#include "sim/runs/adaptive_jobs.hpp"
#include "sim/runs/adaptive_sweep.hpp"
#include "sim/runs/each_unit.hpp"
#include "sim/runs/model_sweep.hpp"
#include "sim/runs/point_comparisons.hpp"
#include "sim/runs/safe_voltage_search.hpp"
#include "sim/runs/shards.hpp"
#include "sim/runs/sweep_jobs.hpp"
#include "sim/runs/sweep_parts.hpp"

namespace brownout::runs {

namespace {

/// Chips to evaluate for a network with a mitigation, for the progress display.
std::int64_t work_of_one(const SweepConfig& config) {
  const auto grid_points = static_cast<std::int64_t>(config.levels().size());
  return grid_points * config.chips + work_of_search(config);
}

/// Those of a shard.
std::int64_t work_of_shard(const SweepParts& parts, const workers::Shard& shard) {
  const std::size_t units = units_of(parts).size();
  const std::size_t rows = parts.config.levels().size() * parts.chips.grid.size();
  std::int64_t work = 0;
  for (std::size_t i = 0; i < units; ++i) {
    if (!shard.has_unit(i, units)) continue;
    for (std::size_t row = 0; row < rows; ++row) work += shard.has_row(row, i, units) ? 1 : 0;
    if (shard.leads(i, units)) work += work_of_search(parts.config);
  }
  return work;
}

/// The points of the grid, then the safe voltage, which rates do not have. `wrong` gets the images
/// of each point, if points are compared.
void add_points(const SweepParts& parts, CostCache& costs, ModelSweep& run,
                results::SweepResult& result, WrongByPoint& wrong) {
  const std::size_t first = result.points.size();
  for (const double level : parts.config.levels()) {
    bool computed = false;
    std::vector<results::ChipResult> chips;
    result.points.push_back(run.point(parts.chips.grid, level, costs, computed, &chips));
    result.points_computed += computed ? 1 : 0;
    if (parts.config.comparisons.empty()) continue;
    std::vector<results::WrongImages>& images = wrong.emplace_back();
    for (results::ChipResult& chip : chips) images.push_back(std::move(chip.wrong_images));
  }
  if (parts.config.by_rate()) return;
  result.safe_voltage.push_back(
      find_safe_voltage(parts.config, parts.chips, run, costs, result.points[first], result));
}

/// Fills the store with the help of the other ranks.
void compute_on_ranks(const SweepParts& parts, const SweepHow& how, workers::Ranks& ranks,
                      const workers::Shard& shard, results::AddedRows& rows) {
  Progress progress("sweep", work_of_shard(parts, shard), how.quiet);
  SweepPlan plan(parts, rows, progress, shard);
  SweepWorker worker(parts, how.threads);
  workers::hand_out(
      ranks, plan,
      [&](const std::string& job, results::RowStore& store) { worker.run(job, store); }, rows);
  progress.finish();
}

/// What the folder lacks is computed.
results::SweepResult run_parts(const SweepParts& parts, const SweepHow& how) {
  if (parts.config.precision) return run_adaptively(parts, how);
  const SweepConfig& config = parts.config;
  results::SweepResult result = parts.described;
  const bool alone = how.ranks == nullptr || how.ranks->size() == 1;
  if (!alone) workers::expect_agreement(*how.ranks, Json::parse(result.identity));
  results::Store store(how.folder, result.identity);
  results::AddedRows added(store);
  if (!alone) compute_on_ranks(parts, how, *how.ranks, {}, added);

  const std::int64_t per_model = work_of_one(config);
  const std::size_t rows = parts.targets.size() * config.models.size() * config.mitigations.size();
  Progress progress("sweep", per_model * static_cast<std::int64_t>(rows), how.quiet || !alone);
  double seconds = 0.0;
  std::int64_t passes = 0;
  WrongByPoint wrong;
  const SweepBench bench{config, parts.targets, parts.inputs, *parts.chips.grid.front(),
                         store,  how.threads,   progress,     alone ? nullptr : &added};
  for_each_unit(parts, store, result,
                [&](CostCache& costs, const SweepTarget& target, std::size_t network,
                    const SweepMitigation& mitigation) {
                  ModelSweep run(bench, target, network, mitigation);
                  if (config.mitigations.size() == 1) result.steps = run.steps();
                  add_points(parts, costs, run, result, wrong);
                  progress.add_work(run.ticks() - per_model);
                  seconds += run.seconds();
                  passes += run.passes();
                });
  progress.finish();
  store.commit();

  result.differences = compare_points(config, result, wrong);
  result.settle();
  if (seconds > 0) {
    result.images_per_s = static_cast<double>(passes * parts.inputs.images.count) / seconds;
  }
  return result;
}

}  // namespace

results::SweepResult run_sweep(SweepConfig config, const SweepHow& how) {
  const auto start = std::chrono::steady_clock::now();
  const SweepParts parts = sweep_parts(std::move(config));
  results::SweepResult result = run_parts(parts, how);
  result.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  return result;
}

results::SweepResult merge_shards(SweepConfig config, const SweepHow& how,
                                  const std::vector<std::filesystem::path>& shards,
                                  const Json& identity) {
  const SweepParts parts = sweep_parts(std::move(config));
  const std::string other =
      first_difference(identity, Json::parse(parts.described.identity), "in the shards", "here");
  if (!other.empty()) {
    throw InputError("{}: the shards are of another sweep: {}", parts.config.file.string(), other);
  }
  merge_rows(shards, json_text(identity, 2) + "\n", results::sweep_kind(), how.folder);
  return run_parts(parts, how);
}

std::int64_t run_shard(SweepConfig settings, const SweepHow& how, const workers::Shard& shard,
                       const ShardRecord& record) {
  const SweepParts parts = sweep_parts(std::move(settings));
  if (how.ranks != nullptr) {
    workers::expect_agreement(*how.ranks, Json::parse(parts.described.identity));
  }
  results::Store store(how.folder, shard_identity(parts.described.identity, shard), shard_kind());
  results::AddedRows added(store);
  workers::Alone alone;
  if (parts.config.precision) {
    fill_adaptively(parts, how, shard, added);
  } else {
    compute_on_ranks(parts, how, how.ranks == nullptr ? alone : *how.ranks, shard, added);
  }
  store.commit();
  write_record(record, parts.described.identity, how.folder);
  return store.size();
}

int serve_sweep(SweepConfig config, const SweepHow& how) {
  const SweepParts parts = sweep_parts(std::move(config));
  if (parts.config.precision) {
    AdaptiveWorker worker(parts, how.threads);
    return workers::serve(
        *how.ranks, Json::parse(parts.described.identity),
        [&](const std::string& job, results::RowStore& store) { worker.run(job, store); });
  }
  SweepWorker worker(parts, how.threads);
  return workers::serve(
      *how.ranks, Json::parse(parts.described.identity),
      [&](const std::string& job, results::RowStore& store) { worker.run(job, store); });
}

}  // namespace brownout::runs
