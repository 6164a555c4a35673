// SPDX-License-Identifier: Apache-2.0
// Importers of BRAM hex files and stuck-at maps.
#include "sim/profiles/profile_import.hpp"

#include <algorithm>
#include <charconv>
#include <string_view>

#include "sim/base/error.hpp"
#include "sim/base/files.hpp"
#include "sim/base/text.hpp"

namespace brownout::profiles {
namespace {

constexpr std::uint64_t kMostTextBytes = 1ull << 30;
constexpr int kBramRows = 1024, kBramDigits = 4, kBramCells = 8;  // cells a row

Profile begin(const ImportInfo& info) {
  Profile profile;
  profile.name = info.name;
  profile.origin = info.origin;
  profile.vmin_volt = info.vmin_volt;
  return profile;
}

/// Sorts by voltage and makes the checks that every profile must pass.
void finish(Profile& profile) {
  std::sort(profile.levels.begin(), profile.levels.end(),
            [](const ProfileLevel& a, const ProfileLevel& b) { return a.voltage < b.voltage; });
  check_profile(profile, profile.name.empty() ? "imported profile" : profile.name);
}

int hex_value(char digit) {
  if (digit >= '0' && digit <= '9') return digit - '0';
  if (digit >= 'a' && digit <= 'f') return digit - 'a' + 10;
  if (digit >= 'A' && digit <= 'F') return digit - 'A' + 10;
  return -1;
}

/// One line after the other, without "\n" or "\r\n".
class Lines {
 public:
  explicit Lines(std::string_view text) : rest_(text) {}
  bool next(std::string_view& line) {
    if (rest_.empty()) return false;
    const std::size_t end = rest_.find('\n');
    line = rest_.substr(0, end);
    rest_ = end == std::string_view::npos ? std::string_view() : rest_.substr(end + 1);
    if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
    ++number_;
    return true;
  }
  int number() const { return number_; }

 private:
  std::string_view rest_;
  int number_ = 0;
};

std::string_view trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

/// Cells in the order in which they are found; duplicates and order are handled at the end.
struct StuckCell {
  std::uint64_t cell;
  bool at_one;
};

void read_csv(const std::string& name, std::string_view text, int rows, int columns,
              std::vector<StuckCell>& cells) {
  Lines lines(text);
  for (std::string_view line; lines.next(line);) {
    if (trimmed(line).empty()) continue;
    std::string_view fields[3];
    std::string_view rest = line;
    int count = 0;
    while (count < 3) {
      const std::size_t comma = rest.find(',');
      fields[count++] = trimmed(rest.substr(0, comma));
      if (comma == std::string_view::npos) {
        rest = {};
        break;
      }
      rest = rest.substr(comma + 1);
      if (count == 3) count = 4;  // a fourth field
    }
    if (count == 3 && lines.number() == 1 && fields[0] == "row" && fields[1] == "column" &&
        fields[2] == "value")
      continue;
    int values[3] = {-1, -1, -1};
    const int limits[3] = {rows, columns, 2};
    bool good = count == 3;
    for (int i = 0; good && i < 3; ++i) {
      const char* end = fields[i].data() + fields[i].size();
      const auto result = std::from_chars(fields[i].data(), end, values[i]);
      good = !fields[i].empty() && result.ec == std::errc() && result.ptr == end &&
             values[i] >= 0 && values[i] < limits[i];
    }
    if (!good)
      throw InputError(
          "{}:{}: expected row,column,value with a row below {}, a column below {} and a value 0 "
          "or 1, got {}",
          name, lines.number(), rows, columns, in_quotes(line));
    cells.push_back({static_cast<std::uint64_t>(values[0]) * static_cast<std::uint64_t>(columns) +
                         static_cast<std::uint64_t>(values[1]),
                     values[2] == 1});
  }
}

void read_matrix(const std::string& name, std::string_view text, int rows, int columns,
                 std::vector<StuckCell>& cells) {
  Lines lines(text);
  std::uint64_t row = 0;
  for (std::string_view line; lines.next(line);) {
    if (trimmed(line).empty()) continue;
    if (row == static_cast<std::uint64_t>(rows))
      throw InputError("{}:{}: expected {} rows, got more", name, lines.number(), rows);
    std::uint64_t column = 0;
    for (const char character : line) {
      if (character == ' ' || character == '\t') continue;
      if (character != '0' && character != '1' && character != '.' && character != '-')
        throw InputError("{}:{}: expected 0, 1, \".\" or \"-\" for each cell, got {}", name,
                         lines.number(), in_quotes(std::string_view(&character, 1)));
      if (character == '0' || character == '1')
        cells.push_back({row * static_cast<std::uint64_t>(columns) + column, character == '1'});
      if (++column > static_cast<std::uint64_t>(columns)) break;
    }
    if (column != static_cast<std::uint64_t>(columns))
      throw InputError("{}:{}: expected {} cells, got {}{}", name, lines.number(), columns,
                       column > static_cast<std::uint64_t>(columns) ? "at least " : "", column);
    ++row;
  }
  if (row != static_cast<std::uint64_t>(rows))
    throw InputError("{}: expected {} rows, got {}", name, rows, row);
}

}  // namespace

Profile import_bram_hex(const std::vector<VoltageFile>& files, const ImportInfo& info,
                        std::vector<BramTotals>* totals) {
  Profile profile = begin(info);
  profile.rows = kBramRows;
  profile.columns = kBramCells;
  std::vector<BramTotals> found;
  for (const VoltageFile& source : files) {
    const std::string name = source.file.string();
    std::string text = read_file(source.file, kMostTextBytes);
    while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.pop_back();
    constexpr std::size_t kBlock = std::size_t{kBramRows} * kBramDigits;
    if (text.size() % 2 != 0)
      throw InputError("{}: expected whole bytes, got an odd number of hex digits ({})", name,
                       text.size());
    if (text.empty() || text.size() % kBlock != 0)
      throw InputError("{}: expected blocks of {} rows of {} hex digits ({} digits), got {} digits",
                       name, kBramRows, kBramDigits, kBlock, text.size());
    const auto blocks = static_cast<int>(text.size() / kBlock);
    if (!profile.levels.empty() && blocks != profile.arrays)
      throw InputError("{}: expected {} blocks as in {}, got {}", name, profile.arrays,
                       files.front().file.string(), blocks);
    profile.arrays = blocks;
    ProfileLevel level;
    level.voltage = source.voltage;
    for (std::size_t at = 0; at < text.size(); at += kBramDigits) {
      unsigned word = 0;
      for (std::size_t i = at; i < at + kBramDigits; ++i) {
        const int value = hex_value(text[i]);
        if (value < 0)
          throw InputError("{}: digit {}: expected a hex digit, got {}", name, i,
                           in_quotes(std::string_view(text).substr(i, 1)));
        word = word << 4 | static_cast<unsigned>(value);
      }
      if (word >> 8 != (word & 0xff))
        throw InputError("{}: row {} of block {}: expected one byte twice, got {}", name,
                         at / kBramDigits % kBramRows, at / kBlock,
                         in_quotes(std::string_view(text).substr(at, kBramDigits)));
      for (unsigned bit = 0; bit < kBramCells; ++bit) {
        if ((word >> bit & 1) == 0)
          level.cells.push_back({at / kBramDigits * kBramCells + bit, 0.0f, 1.0f});
      }
    }
    found.push_back({source.voltage, text.size() * 4, level.cells.size() * 2, text.size() * 2,
                     level.cells.size()});
    profile.levels.push_back(std::move(level));
  }
  finish(profile);
  std::sort(found.begin(), found.end(),
            [](const BramTotals& a, const BramTotals& b) { return a.voltage < b.voltage; });
  if (totals != nullptr) *totals = found;
  return profile;
}

Profile import_stuck_at(const std::vector<VoltageFile>& files, int rows, int columns,
                        const ImportInfo& info) {
  Profile profile = begin(info);
  profile.rows = rows;
  profile.columns = columns;
  for (const VoltageFile& source : files) {
    const std::string name = source.file.string();
    const std::string text = read_file(source.file, kMostTextBytes);
    std::vector<StuckCell> cells;
    // If there are commas, it is CSV; a CSV file without cells has at least its header.
    if (text.find(',') != std::string::npos) {
      read_csv(name, text, rows, columns, cells);
    } else {
      read_matrix(name, text, rows, columns, cells);
    }
    std::sort(cells.begin(), cells.end(),
              [](const StuckCell& a, const StuckCell& b) { return a.cell < b.cell; });
    ProfileLevel level;
    level.voltage = source.voltage;
    for (const StuckCell& stuck : cells) {
      if (!level.cells.empty() && level.cells.back().cell == stuck.cell)
        throw InputError("{}: expected each cell once, got row {}, column {} again", name,
                         stuck.cell / static_cast<std::uint64_t>(columns),
                         stuck.cell % static_cast<std::uint64_t>(columns));
      level.cells.push_back({stuck.cell, stuck.at_one ? 1.0f : 0.0f, stuck.at_one ? 0.0f : 1.0f});
    }
    profile.levels.push_back(std::move(level));
  }
  finish(profile);
  return profile;
}

}  // namespace brownout::profiles
