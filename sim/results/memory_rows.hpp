// SPDX-License-Identifier: Apache-2.0
// Results by key for as long as a run lasts.
#pragma once
#include <map>
#include <mutex>
#include <optional>
#include <string>

#include "sim/results/row_store.hpp"

namespace brownout::results {

/// Several threads may use it. A key that is there keeps its row: two jobs needed it.
class MemoryRows : public RowStore {
 public:
  std::optional<std::string> find(const std::string& key) const override {
    const std::lock_guard<std::mutex> lock(mutex_);
    const auto found = rows_.find(key);
    return found == rows_.end() ? std::nullopt : std::optional<std::string>(found->second);
  }
  void append(const std::string& key, const std::string& row) override {
    const std::lock_guard<std::mutex> lock(mutex_);
    rows_.emplace(key, row);
  }
  std::string place(const std::string& key) const override { return "result " + key; }

 private:
  std::map<std::string, std::string> rows_;
  mutable std::mutex mutex_;
};

}  // namespace brownout::results
