// SPDX-License-Identifier: Apache-2.0
// The store of a run whose rows several workers add.
#pragma once
#include <mutex>
#include <optional>
#include <set>
#include <string>

#include "sim/results/row_store.hpp"

namespace brownout::results {

/// A store, and which of its rows were added through this object. Several threads may use it. A key
/// that is there keeps its row: two jobs needed it.
class AddedRows : public RowStore {
 public:
  explicit AddedRows(RowStore& store) : store_(store) {}
  std::optional<std::string> find(const std::string& key) const override {
    return store_.find(key);
  }
  void append(const std::string& key, const std::string& row) override {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (store_.find(key)) return;
    store_.append(key, row);
    added_.insert(key);
  }
  std::string place(const std::string& key) const override { return store_.place(key); }
  /// Whether the row was added; true once for each.
  bool take(const std::string& key) {
    const std::lock_guard<std::mutex> lock(mutex_);
    return added_.erase(key) > 0;
  }

 private:
  RowStore& store_;
  std::set<std::string> added_;
  std::mutex mutex_;  // of added_
};

}  // namespace brownout::results
