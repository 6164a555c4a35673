// SPDX-License-Identifier: Apache-2.0
// Results by key, wherever they are kept.
#pragma once
#include <optional>
#include <string>

namespace brownout::results {

class RowStore {
 public:
  virtual ~RowStore() = default;
  /// The row (one JSON object) under a key.
  virtual std::optional<std::string> find(const std::string& key) const = 0;
  /// Keeps a row. Its key must be new.
  virtual void append(const std::string& key, const std::string& row) = 0;
  /// The place of a row for messages.
  virtual std::string place(const std::string& key) const = 0;
};

}  // namespace brownout::results
