// SPDX-License-Identifier: Apache-2.0
// Splits lines into cells and accepts what editors and spreadsheets write.
#include "sim/estimate/topology_table.hpp"

#include <algorithm>
#include <cstdint>
#include <optional>

#include "sim/base/error.hpp"
#include "sim/base/text.hpp"

namespace brownout::estimate {

namespace {

std::string trimmed(const std::string& text) {
  const char* const blank = " \t\r\v\f";
  const std::size_t first = text.find_first_not_of(blank);
  if (first == std::string::npos) return "";
  return text.substr(first, text.find_last_not_of(blank) - first + 1);
}

void append_utf8(std::string& out, std::uint32_t point) {
  const auto tail = [&](int shift) { out += static_cast<char>(0x80 | ((point >> shift) & 0x3f)); };
  if (point < 0x80) {
    out += static_cast<char>(point);
  } else if (point < 0x800) {
    out += static_cast<char>(0xc0 | (point >> 6));
    tail(0);
  } else if (point < 0x10000) {
    out += static_cast<char>(0xe0 | (point >> 12));
    tail(6);
    tail(0);
  } else {
    out += static_cast<char>(0xf0 | (point >> 18));
    tail(12);
    tail(6);
    tail(0);
  }
}

/// The text without a byte order mark, in UTF-8.
std::string decoded(const std::string& text, const std::string& name) {
  if (text.rfind("\xef\xbb\xbf", 0) == 0) return text.substr(3);
  const bool little = text.rfind("\xff\xfe", 0) == 0;
  if (!little && text.rfind("\xfe\xff", 0) != 0) {
    if (!looks_like_utf16(text)) return text;
    throw InputError(
        "{}: looks like UTF-16 (every second byte is 0); expected UTF-8, or UTF-16 with a byte "
        "order mark",
        name);
  }
  const auto fail = [&] { throw InputError("{}: UTF-16 text that is damaged or cut short", name); };
  if (text.size() % 2 != 0) fail();
  std::string out;
  std::uint32_t high = 0;  // the first half of a pair
  for (std::size_t i = 2; i < text.size(); i += 2) {
    const auto byte = [&](std::size_t k) { return static_cast<std::uint8_t>(text[i + k]); };
    const auto unit =
        static_cast<std::uint32_t>(little ? byte(0) | (byte(1) << 8) : byte(1) | (byte(0) << 8));
    const bool is_low = unit >= 0xdc00 && unit < 0xe000;
    if ((high != 0) != is_low) fail();
    if (unit >= 0xd800 && unit < 0xdc00) {
      high = unit;
      continue;
    }
    append_utf8(out, high == 0 ? unit : 0x10000 + ((high - 0xd800) << 10) + (unit - 0xdc00));
    high = 0;
  }
  if (high != 0) fail();
  return out;
}

/// The separator of a line: the first comma, tab or semicolon outside of quotes, or nothing.
std::optional<char> separator_of(const std::string& line) {
  for (const char separator : {',', '\t', ';'}) {
    bool quoted = false;
    for (const char c : line) {
      if (c == '"') quoted = !quoted;
      if (!quoted && c == separator) return separator;
    }
  }
  return std::nullopt;
}

/// Cells without surrounding blanks; a quoted cell may contain separators and doubled quotes. Empty
/// cells at the end are dropped: SCALE-Sim's files end each line with a comma, spreadsheets with
/// several. A remark after the last comma, "1,#dw", is dropped too; SCALE-Sim does not read it
/// either.
std::vector<std::string> split(const std::string& line, char separator, const std::string& where) {
  const char* const blank = separator == '\t' ? " " : " \t";
  std::vector<std::string> cells;
  std::size_t at = 0;
  while (at <= line.size()) {
    const std::size_t start = std::min(line.find_first_not_of(blank, at), line.size());
    if (start < line.size() && line[start] == '"') {
      std::string cell;
      std::size_t i = start + 1;
      for (;; ++i) {
        if (i >= line.size()) throw InputError("{}: expected a closing quote, found none", where);
        if (line[i] == '"' && (i + 1 == line.size() || line[i + 1] != '"')) break;
        if (line[i] == '"') ++i;
        cell += line[i];
      }
      at = std::min(line.find(separator, i), line.size());
      const std::string rest = trimmed(line.substr(i + 1, at - i - 1));
      if (!rest.empty()) {
        throw InputError("{}: expected a separator behind the quoted cell, got {}", where,
                         in_quotes(rest));
      }
      cells.push_back(trimmed(cell));
    } else {
      const std::size_t end = std::min(line.find(separator, at), line.size());
      cells.push_back(trimmed(line.substr(at, end - at)));
      at = end;
    }
    ++at;
  }
  if (cells.size() > 1 && cells.back().rfind('#', 0) == 0) cells.pop_back();
  while (!cells.empty() && cells.back().empty()) cells.pop_back();
  return cells;
}

}  // namespace

std::vector<TopologyLine> topology_lines(const std::string& raw, const std::string& name) {
  const std::string text = decoded(raw, name);
  std::optional<char> separator;
  std::vector<TopologyLine> lines;
  std::size_t at = 0;
  for (int number = 1; at < text.size(); ++number) {
    const std::size_t end = std::min(text.find_first_of("\r\n", at), text.size());
    const std::string line = text.substr(at, end - at);
    const std::string content = trimmed(line);
    at = end + (text.compare(end, 2, "\r\n") == 0 ? 2 : 1);
    if (content.empty() || content[0] == '#' || content.rfind("//", 0) == 0) continue;
    TopologyLine entry;
    entry.where = fmt::format("{}:{}", name, number);
    if (!separator) separator = separator_of(content);
    entry.cells = split(separator == '\t' ? line : content, separator.value_or(','), entry.where);
    if (!entry.cells.empty()) lines.push_back(std::move(entry));
  }
  return lines;
}

}  // namespace brownout::estimate
