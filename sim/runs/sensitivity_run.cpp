// SPDX-License-Identifier: Apache-2.0
// The numbers of rows in their places, wherever the rows are kept.
#include "sim/runs/sensitivity_run.hpp"

#include <chrono>
#include <utility>

#include "sim/base/error.hpp"
#include "sim/base/json.hpp"
#include "sim/base/progress.hpp"
#include "sim/results/memory_rows.hpp"
#include "sim/runs/sensitivity_jobs.hpp"
#include "sim/runs/shards.hpp"

namespace brownout::runs {

namespace {

weights::Sensitivity assembled(const SensitivityParts& parts, std::size_t network,
                               const results::RowStore& rows) {
  const SensitivityConfig& config = parts.config;
  weights::Sensitivity result = parts.described[network];
  result.model = parts.models[network].name;
  result.model_sha256 = parts.models[network].sha256;
  result.rate = config.rate;
  result.chips = config.chips;
  result.images = parts.images.count;
  result.seed = config.seed;
  result.err = sensitivity_row_number(rows, parts.clean_key(network), "err");
  for (std::size_t g = 0; g < parts.groups[network].size(); ++g) {
    weights::GroupSensitivity& group =
        g < result.tensors.size() ? static_cast<weights::GroupSensitivity&>(result.tensors[g])
                                  : result.bits[g - result.tensors.size()];
    const std::string key = parts.group_key(network, g);
    group.bits_wrong_mean = sensitivity_row_number(rows, key, "bits_wrong_mean");
    group.rise_points = sensitivity_row_number(rows, key, "rise_points");
    group.per_bit_points = sensitivity_row_number(rows, key, "per_bit_points");
  }
  return result;
}

/// The text of the identity, as folders hold it.
std::string identity_text(const Json& identity) { return json_text(identity, 2) + "\n"; }

/// What `rows` lacks is measured, with the help of the other ranks.
void measure(const SensitivityParts& parts, const SensitivityHow& how, const workers::Shard& shard,
             results::RowStore& rows) {
  Progress progress("sensitivity", SensitivityPlan::work_of(parts, shard), how.quiet);
  SensitivityPlan plan(parts, rows, progress, shard);
  SensitivityWorker worker(parts, how.threads);
  workers::Alone alone;
  workers::hand_out(
      how.ranks == nullptr ? alone : *how.ranks, plan,
      [&](const std::string& job, results::RowStore& store) { worker.run(job, store); }, rows);
  progress.finish();
}

void expect_agreement(const SensitivityParts& parts, const SensitivityHow& how) {
  if (how.ranks != nullptr) workers::expect_agreement(*how.ranks, parts.identity());
}

using Clock = std::chrono::steady_clock;

SensitivityResult result_of(const SensitivityParts& parts, const results::RowStore& rows,
                            Clock::time_point start) {
  SensitivityResult result;
  result.seconds = std::chrono::duration<double>(Clock::now() - start).count();
  result.labelled = parts.images.labelled();
  for (std::size_t i = 0; i < parts.models.size(); ++i) {
    result.networks.push_back(assembled(parts, i, rows));
  }
  result.config = parts.config;
  return result;
}

}  // namespace

const results::StoreKind& sensitivity_kind() {
  static const results::StoreKind kind{
      "sensitivity analysis", "sensitivity-identity.json", {kSensitivityFile}};
  return kind;
}

SensitivityResult run_sensitivity(const SensitivityConfig& config, const SensitivityHow& how) {
  const auto start = Clock::now();
  const SensitivityParts parts(config);
  expect_agreement(parts, how);
  if (how.folder.empty()) {
    results::MemoryRows rows;
    measure(parts, how, {}, rows);
    return result_of(parts, rows, start);
  }
  results::Store store(how.folder, identity_text(parts.identity()), sensitivity_kind());
  measure(parts, how, {}, store);
  store.commit();
  return result_of(parts, store, start);
}

std::int64_t run_sensitivity_shard(const SensitivityConfig& config, const SensitivityHow& how,
                                   const workers::Shard& shard) {
  const SensitivityParts parts(config);
  expect_agreement(parts, how);
  const std::string identity = json_text(parts.identity());
  results::Store store(how.folder, shard_identity(identity, shard), shard_kind());
  measure(parts, how, shard, store);
  store.commit();
  write_record({shard, {}, config}, identity, how.folder);
  return store.size();
}

SensitivityResult merge_sensitivity_shards(const SensitivityConfig& config,
                                           const SensitivityHow& how,
                                           const std::vector<std::filesystem::path>& shards,
                                           const Json& identity) {
  {
    const SensitivityParts parts(config);
    const std::string other = first_difference(identity, parts.identity(), "in the shards", "here");
    if (!other.empty()) {
      throw InputError("{}: its networks or images have changed: {}", shards.front().string(),
                       other);
    }
  }
  merge_rows(shards, identity_text(identity), sensitivity_kind(), how.folder);
  return run_sensitivity(config, how);
}

int serve_sensitivity(const SensitivityConfig& config, const SensitivityHow& how) {
  const SensitivityParts parts(config);
  SensitivityWorker worker(parts, how.threads);
  return workers::serve(
      *how.ranks, parts.identity(),
      [&](const std::string& job, results::RowStore& store) { worker.run(job, store); });
}

}  // namespace brownout::runs
