// SPDX-License-Identifier: Apache-2.0
// The option --shard of verbs whose work can be divided.
#pragma once
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "sim/command/verb.hpp"
#include "sim/workers/shard.hpp"

namespace brownout::cli {

void add_shard(Verb& verb, std::string& shard);

/// Where a shard goes when nobody says: out/NAME-shard-3-of-16.
std::filesystem::path shard_folder(std::filesystem::path folder,
                                   const std::optional<workers::Shard>& shard);

/// That it has ended, and what to do when all have.
std::string shard_text(const workers::Shard& shard, std::int64_t rows,
                       const std::filesystem::path& folder);

}  // namespace brownout::cli
