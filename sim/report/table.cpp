// SPDX-License-Identifier: Apache-2.0
// Column widths and padding.
#include "sim/report/table.hpp"

#include <algorithm>

#include "sim/base/error.hpp"
#include "sim/base/text.hpp"

namespace brownout::report {

namespace {

/// Characters, not bytes: UTF-8 continuation bytes take no column.
std::size_t width_of(const std::string& text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xc0) != 0x80;
  }));
}

}  // namespace

Table::Table(const std::vector<std::string>& header, std::set<std::size_t> left)
    : left_(std::move(left)) {
  rows_.emplace_back();
  for (const std::string& cell : header) rows_[0].push_back(printable(cell));
}

void Table::add(std::vector<std::string> cells) {
  BROWNOUT_CHECK(cells.size() == rows_[0].size(), "{} cells for {} columns", cells.size(),
                 rows_[0].size());
  for (std::string& cell : cells) cell = printable(cell);
  rows_.push_back(std::move(cells));
}

std::string Table::text() const {
  std::vector<std::size_t> widths(rows_[0].size(), 0);
  for (const auto& row : rows_) {
    for (std::size_t c = 0; c < row.size(); ++c) widths[c] = std::max(widths[c], width_of(row[c]));
  }
  std::string out;
  for (std::size_t r = 0; r < rows_.size(); ++r) {
    std::string line;
    for (std::size_t c = 0; c < widths.size(); ++c) {
      const std::string gap(widths[c] - width_of(rows_[r][c]), ' ');
      line += "  " + (left_.count(c) != 0 ? rows_[r][c] + gap : gap + rows_[r][c]);
    }
    line.erase(line.find_last_not_of(' ') + 1);
    out += line + "\n";
    if (r == 0) {
      for (const std::size_t width : widths)
        out += width == 0 ? "" : "  " + std::string(width, '-');
      out += "\n";
    }
  }
  return out;
}

}  // namespace brownout::report
