// SPDX-License-Identifier: Apache-2.0
// Cells of a CSV line after RFC 4180.
#pragma once
#include <fmt/format.h>

#include <array>
#include <optional>
#include <string>
#include <string_view>

namespace brownout::report {

/// A text that begins like a formula of a spreadsheet gets an apostrophe in front, as OWASP advises
/// ("CSV Injection"): the spreadsheet then shows it and computes nothing.
inline std::string csv_text(std::string text) {
  if (!text.empty() && std::string_view("=+-@\t\r").find(text[0]) != std::string_view::npos) {
    text.insert(0, 1, '\'');
  }
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
