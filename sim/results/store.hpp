// SPDX-License-Identifier: Apache-2.0
// The result store of a sweep or a study: a folder that one of them owns, and that one process uses
// at a time. Rows are appended to results.jsonl and synced one by one. Whatever kills the process,
// every row that was reported as stored is there on the next start, and a torn last line is
// dropped.
#pragma once
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace brownout::results {

/// Who owns a folder.
struct StoreKind {
  std::string what;                  // "sweep", for messages
  std::string identity;              // name of the file that says which one
  std::vector<std::string> outputs;  // names of the files that it writes beside the store's own
};
/// The owner of a sweep's folder.
const StoreKind& sweep_kind();

/// Names of all files in the folder of a sweep, or of another owner.
const std::vector<std::string>& folder_names();
std::vector<std::string> folder_names(const StoreKind& kind);

/// A stored row as it lies in the file.
struct StoredRow {
  std::string row;    // one JSON object
  std::string place;  // the file and the line, for messages
};
/// All rows of a finished folder, in the order in which they were stored. Nothing is written. A
/// torn last line is left out. InputError when a process is using the folder.
std::vector<StoredRow> read_stored_rows(const std::filesystem::path& folder,
                                        const StoreKind& kind = sweep_kind());

class Store {
 public:
  /// Creates the folder, or opens one of the same sweep. `identity` is JSON text that says which
  /// sweep it is. InputError when the folder holds something else, is in use, or cannot be written.
  Store(const std::filesystem::path& folder, const std::string& identity,
        const StoreKind& kind = sweep_kind());
  ~Store();
  Store(const Store&) = delete;
  Store& operator=(const Store&) = delete;

  /// The row as JSON text, or nullptr.
  const std::string* find(const std::string& key) const;
  /// The place of a stored row for messages: the file, with the line if the row was read from it.
  std::string place(const std::string& key) const;
  /// Stores a row (one JSON object) permanently before it returns. Keys must be new. InputError
  /// when the disk is full; the file then ends with the previous row.
  void append(const std::string& key, const std::string& row);

  const std::filesystem::path& folder() const { return folder_; }
  std::size_t size() const { return rows_.size(); }

 private:
  void lock();
  void claim(const std::string& identity);
  void read_rows();

  StoreKind kind_;
  std::filesystem::path folder_;
  std::map<std::string, std::string> rows_;
  std::map<std::string, int> lines_;  // of the rows that were there at the start
  int lock_ = -1;
  int rows_file_ = -1;
};

}  // namespace brownout::results
