// SPDX-License-Identifier: Apache-2.0
// The rows of a result store: one table of an SQLite file, which any program that reads SQLite can
// open. docs/output.md describes the table.
#pragma once
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>

struct sqlite3;
struct sqlite3_stmt;

namespace brownout::results {

/// A table of JSON objects by key. Any function throws InputError, which names the file, when the
/// file is damaged, locked by another program, of a newer version, or cannot be read or written.
class RowTable {
 public:
  enum class Access { kRead, kWrite };

  /// Opens the file. With kWrite it is created if it is not there; what an earlier process left
  /// half-written is undone.
  RowTable(const std::filesystem::path& file, Access access);
  ~RowTable();
  RowTable(const RowTable&) = delete;
  RowTable& operator=(const RowTable&) = delete;

  /// The row as it was added. Checks that it is what was added.
  std::optional<std::string> find(const std::string& key) const;
  bool has(const std::string& key) const;
  std::int64_t size() const;
  /// All rows in the order in which they were added.
  void for_each(const std::function<void(std::string key, std::string row)>& take) const;

  /// Adds a row (one JSON object) to those that the next commit() keeps. The key must be new.
  void add(const std::string& key, const std::string& row);
  /// What was added is in the file for good when this returns. On an error nothing of it is.
  void commit();

  const std::filesystem::path& file() const { return file_; }
  /// A row for messages: "out/results.sqlite: row 3f2a…".
  std::string place(const std::string& key) const;

 private:
  struct Close {
    void operator()(sqlite3* database) const;
    void operator()(sqlite3_stmt* statement) const;
  };
  using Statement = std::unique_ptr<sqlite3_stmt, Close>;

  Statement prepared(const char* sql, unsigned flags = 0) const;
  void prepare(Access access);
  void check_kind() const;
  void execute(const char* sql) const;
  std::int64_t number(const char* sql) const;  // that a statement gives
  void expect_undamaged(const std::string& key, const std::string& row,
                        const std::string& sum) const;
  [[noreturn]] void fail(const char* action) const;
  /// Takes back what was added since the last commit().
  [[noreturn]] void give_up();

  std::filesystem::path file_;
  std::unique_ptr<sqlite3, Close> database_;
  Statement find_, has_, add_;
  bool adding_ = false;
};

}  // namespace brownout::results
