// SPDX-License-Identifier: Apache-2.0
// The folders of the shards of a sweep or study: what each says of itself, and how they become one.
#pragma once
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "sim/base/json.hpp"
#include "sim/results/store.hpp"
#include "sim/runs/sweep_file.hpp"
#include "sim/workers/shard.hpp"

namespace brownout::runs {

/// Of a shard of a study: how it was run.
struct StudyOfShard {
  std::vector<std::string> only;      // rows; empty: all
  std::filesystem::path trainings{};  // folder, absolute
};

/// The file "shard.json" of a shard that has ended: how to read its sweep, or study, again.
struct ShardRecord {
  workers::Shard shard;
  std::filesystem::path file;  // of the sweep or study, absolute
  SweepOverrides overrides;
  Json identity{};                    // of the sweep or study
  std::optional<StudyOfShard> study;  // none: of a sweep

  const char* what() const { return study ? "study" : "sweep"; }
};

/// The owner of a shard's folder.
const results::StoreKind& shard_kind();
/// The identity of the folder: that of the sweep, and which shard it is.
std::string shard_identity(const std::string& sweep, const workers::Shard& shard);

/// Writes "shard.json".
void write_record(const ShardRecord& record, const std::string& identity,
                  const std::filesystem::path& folder);
/// Reads it. InputError when the shard has not ended, or the folder is something else.
ShardRecord read_record(const std::filesystem::path& folder);

/// Reads the records of all shards of one sweep or study. InputError when one is missing, is there
/// twice, or is of another sweep.
ShardRecord common_record(const std::vector<std::filesystem::path>& shards);

/// Copies all rows into the folder of the sweep or study, which `identity` and `kind` describe.
/// InputError when two shards disagree about a row.
void merge_rows(const std::vector<std::filesystem::path>& shards, const std::string& identity,
                const results::StoreKind& kind, const std::filesystem::path& folder);

}  // namespace brownout::runs
