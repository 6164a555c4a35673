// SPDX-License-Identifier: Apache-2.0
// The result store of a sweep or a study: a folder that one of them owns, and that one process uses
// at a time. Its rows are in results.sqlite (row_table.hpp). Whatever kills the process, every row
// that was committed is there on the next start, and no part of another one.
#pragma once
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <exception>
#include <filesystem>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "sim/results/folder_lock.hpp"
#include "sim/results/row_store.hpp"
#include "sim/results/row_table.hpp"

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
  std::string place;  // the file and the row, for messages
};
/// All rows of a finished folder, in the order in which they were stored. Nothing is written. The
/// folder may be one of an earlier version. InputError when a process is using the folder.
std::vector<StoredRow> read_stored_rows(const std::filesystem::path& folder,
                                        const StoreKind& kind = sweep_kind());

/// Hands out keys and rows of a finished folder, in the order in which they were stored; as
/// read_stored_rows, but only of this version.
void for_each_stored_row(const std::filesystem::path& folder, const StoreKind& kind,
                         const std::function<void(std::string key, std::string row)>& take);

/// Several threads may use it.
class Store : public RowStore {
 public:
  /// Creates the folder, or opens one of the same sweep. `identity` is JSON text that says which
  /// sweep it is. The rows of a folder of an earlier version are taken over once. InputError when
  /// the folder holds something else, is in use, or cannot be written.
  Store(const std::filesystem::path& folder, const std::string& identity,
        const StoreKind& kind = sweep_kind(), const LockTimes& times = {});
  /// Commits what it can. Whoever must know whether it could calls commit() before.
  ~Store() override;
  Store(const Store&) = delete;
  Store& operator=(const Store&) = delete;

  std::optional<std::string> find(const std::string& key) const override;
  bool has(const std::string& key) const;
  /// "out/results.sqlite: row 3f2a…".
  std::string place(const std::string& key) const override { return rows_->place(key); }
  /// Rows that come quickly are committed together: each is in the file a tenth of a second later.
  /// Any other is committed before this returns. InputError when the disk is full, now or at an
  /// earlier row; rows that were committed stay.
  void append(const std::string& key, const std::string& row) override;
  /// Commits all rows. InputError as of append.
  void commit();

  const std::filesystem::path& folder() const { return folder_; }
  std::int64_t size() const;

 private:
  void claim(const std::string& identity);
  void take_over_old_rows();
  void commit_in_time();
  void throw_late_failure();

  StoreKind kind_;
  std::filesystem::path folder_;
  std::optional<FolderLock> lock_;
  std::optional<RowTable> rows_;
  mutable std::mutex mutex_;  // of all that follows, and of rows_
  std::chrono::steady_clock::time_point committed_;
  bool added_ = false;          // rows that are not committed
  std::exception_ptr failure_;  // of a commit that nobody waited for
  bool ending_ = false;
  std::condition_variable changed_;
  std::thread committer_;  // commits rows that no later one takes along
};

}  // namespace brownout::results
