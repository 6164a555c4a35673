// SPDX-License-Identifier: Apache-2.0
// A sweep: networks × voltages × chips from a configuration into a folder. It may be interrupted
// and continued at any time.
#pragma once
#include <cstdint>
#include <filesystem>
#include <vector>

#include "sim/results/sweep_result.hpp"
#include "sim/runs/shards.hpp"
#include "sim/runs/sweep_file.hpp"
#include "sim/workers/ranks.hpp"

namespace brownout::runs {

/// How it is run. No result depends on threads and ranks.
struct SweepHow {
  std::filesystem::path folder;
  int threads = 1;
  bool quiet = false;
  workers::Ranks* ranks = nullptr;  // null: this process is alone
};

/// Runs what the folder does not contain yet, on rank 0. Everything is checked before the folder is
/// touched.
results::SweepResult run_sweep(SweepConfig config, const SweepHow& how);

/// Does a shard of it into a folder of the shard's own, for merge_shards. Returns the number of its
/// rows.
std::int64_t run_shard(SweepConfig config, const SweepHow& how, const workers::Shard& shard,
                       const ShardRecord& record);

/// Makes one sweep of its shards, whose rows it copies into the folder. `identity`: theirs;
/// InputError when the configuration is that of another sweep.
results::SweepResult merge_shards(SweepConfig config, const SweepHow& how,
                                  const std::vector<std::filesystem::path>& shards,
                                  const Json& identity);

/// On the other ranks, with the same configuration: helps until rank 0 has all. Returns the exit
/// code.
int serve_sweep(SweepConfig config, const SweepHow& how);

}  // namespace brownout::runs
