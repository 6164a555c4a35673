// SPDX-License-Identifier: Apache-2.0
// "results.jsonl", the store of earlier versions: a line of JSON for each row.
#pragma once
#include <filesystem>
#include <functional>
#include <string>

namespace brownout::results {

struct OldRow {
  std::string key, row;
  int line = 0;
};

/// Hands out each row of the file. A torn last line is left out. InputError for a damaged line
/// before it. `what`: who wrote it, for messages: "sweep".
void for_each_old_row(const std::filesystem::path& file, const std::string& what,
                      const std::function<void(OldRow)>& take);

}  // namespace brownout::results
