// SPDX-License-Identifier: Apache-2.0
// Cells of a CSV line after RFC 4180.
#pragma once
#include <fmt/format.h>

#include <array>
#include <optional>
#include <string>

namespace brownout::report {

inline std::string csv_text(const std::string& text) {
  if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
  std::string out = "\"";
  for (const char c : text) out += c == '"' ? std::string("\"\"") : std::string(1, c);
  return out + "\"";
}

/// The shortest form that reads back exactly, or an empty cell.
inline std::string csv_number(const std::optional<double>& value) {
  return value ? fmt::format("{}", *value) : "";
}

/// Both ends, in two cells.
inline std::string csv_interval(const std::optional<std::array<double, 2>>& interval) {
  return interval ? fmt::format("{},{}", (*interval)[0], (*interval)[1]) : ",";
}

}  // namespace brownout::report
