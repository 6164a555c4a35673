// SPDX-License-Identifier: Apache-2.0
#include "tests/end_to_end/stored_rows.hpp"

#include <gtest/gtest.h>
#include <sqlite3.h>

#include <cstdlib>

namespace brownout::end_to_end {

namespace {

using Take = int (*)(void*, int, char**, char**);

void execute(const std::filesystem::path& folder, const std::string& sql, Take take, void* to) {
  const std::filesystem::path file = folder / "results.sqlite";
  sqlite3* database = nullptr;
  // What a killed process left is rolled back, which is a change of the file.
  ASSERT_EQ(sqlite3_open_v2(file.c_str(), &database, SQLITE_OPEN_READWRITE, nullptr), SQLITE_OK)
      << file;
  char* message = nullptr;
  EXPECT_EQ(sqlite3_exec(database, sql.c_str(), take, to, &message), SQLITE_OK)
      << file << ": " << message;
  sqlite3_free(message);
  sqlite3_close(database);
}

}  // namespace

std::vector<KeptRow> kept_rows(const std::filesystem::path& folder) {
  std::vector<KeptRow> rows;
  if (!std::filesystem::exists(folder / "results.sqlite")) return rows;
  const Take take = [](void* to, int, char** values, char**) {
    static_cast<std::vector<KeptRow>*>(to)->push_back(
        {values[0], nlohmann::json::parse(values[1])});
    return 0;
  };
  // A program that was killed early has made no table.
  int tables = 0;
  const Take count = [](void* to, int, char** values, char**) {
    *static_cast<int*>(to) = std::atoi(values[0]);
    return 0;
  };
  execute(folder, "SELECT count(*) FROM sqlite_master", count, &tables);
  if (tables == 0) return rows;
  execute(folder, "SELECT key, row FROM results ORDER BY id", take, &rows);
  return rows;
}

void change_rows(const std::filesystem::path& folder, const std::string& sql) {
  execute(folder, sql, nullptr, nullptr);
}

}  // namespace brownout::end_to_end
