// SPDX-License-Identifier: Apache-2.0
#include "sim/cli/shard_option.hpp"

#include <fmt/format.h>

namespace brownout::cli {

void add_shard(Verb& verb, std::string& shard) {
  verb.add_option(
          "--shard", shard,
          "Only part I of N parts, into a folder of its own, for job arrays; brownout merge "
          "puts the parts together")
      ->type_name("I/N");
}

std::filesystem::path shard_folder(std::filesystem::path folder,
                                   const std::optional<workers::Shard>& shard) {
  if (shard) folder += fmt::format("-shard-{}-of-{}", shard->index, shard->count);
  return folder;
}

std::string shard_text(const workers::Shard& shard, std::int64_t rows,
                       const std::filesystem::path& folder) {
  return fmt::format(
      "shard {} of {} has ended: {} rows in {}\nwhen all have: brownout merge OUT SHARD...\n",
      shard.index, shard.count, rows, folder.string());
}

}  // namespace brownout::cli
