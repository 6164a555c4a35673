// SPDX-License-Identifier: Apache-2.0
// The rows of a result store as its file has them, read with SQLite alone.
#pragma once
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace brownout::end_to_end {

struct KeptRow {
  std::string key;
  nlohmann::json row;
};

/// Those of the folder's results.sqlite in the order in which they were stored; none without it.
std::vector<KeptRow> kept_rows(const std::filesystem::path& folder);

/// Runs SQL on the folder's results.sqlite, as damage or a loss would change it.
void change_rows(const std::filesystem::path& folder, const std::string& sql);

}  // namespace brownout::end_to_end
