// SPDX-License-Identifier: Apache-2.0
// Plain-text tables: columns as wide as their widest cell, first column left, the rest right.
#pragma once
#include <set>
#include <string>
#include <vector>

namespace brownout::report {

class Table {
 public:
  /// `left` are the columns aligned left.
  explicit Table(const std::vector<std::string>& header, std::set<std::size_t> left = {0});
  /// As many cells as the header.
  void add(std::vector<std::string> cells);
  /// Lines indented by two spaces; a rule under the header. Widths count UTF-8 characters.
  std::string text() const;

 private:
  std::vector<std::vector<std::string>> rows_;
  std::set<std::size_t> left_;
};

}  // namespace brownout::report
