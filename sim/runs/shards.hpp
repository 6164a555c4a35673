// SPDX-License-Identifier: Apache-2.0
// The folders of the shards of a sweep, study or sensitivity analysis: what each says of itself,
// and how they become one.
#pragma once
#include <filesystem>
#include <string>
#include <variant>
#include <vector>

#include "sim/base/json.hpp"
#include "sim/results/store.hpp"
#include "sim/runs/sensitivity_run.hpp"
#include "sim/runs/sweep_file.hpp"
#include "sim/workers/shard.hpp"

namespace brownout::runs {

/// How a shard of each kind was run. Paths are absolute.
struct SweepOfShard {
  std::filesystem::path file;
  SweepOverrides overrides;
};
struct StudyOfShard {
  std::filesystem::path file;
  std::vector<std::string> only;  // rows; empty: all
  std::filesystem::path trainings;
};
using SensitivityOfShard = SensitivityConfig;

/// The file "shard.json" of a shard that has ended: how to read its inputs again.
struct ShardRecord {
  workers::Shard shard;
  Json identity;  // of the whole
  std::variant<SweepOfShard, StudyOfShard, SensitivityOfShard> of;

  /// "sweep", "study" or "sensitivity analysis".
  const char* what() const;
};

/// The owner of a shard's folder.
const results::StoreKind& shard_kind();
/// The identity of the folder: that of the whole, and which shard it is.
std::string shard_identity(const std::string& whole, const workers::Shard& shard);

/// Writes "shard.json". The identity of the whole is the text `identity`.
void write_record(const ShardRecord& record, const std::string& identity,
                  const std::filesystem::path& folder);
/// Reads it. InputError when the shard has not ended, or the folder is something else.
ShardRecord read_record(const std::filesystem::path& folder);

/// Reads the records of all shards of one whole. InputError when one is missing, is there
/// twice, or is of another sweep.
ShardRecord common_record(const std::vector<std::filesystem::path>& shards);

/// Copies all rows into the folder of the whole, which `identity` and `kind` describe.
/// InputError when two shards disagree about a row.
void merge_rows(const std::vector<std::filesystem::path>& shards, const std::string& identity,
                const results::StoreKind& kind, const std::filesystem::path& folder);

}  // namespace brownout::runs
