// SPDX-License-Identifier: Apache-2.0
// Importer of stuck-at maps, one or two a voltage.
#include <algorithm>
#include <charconv>
#include <utility>

#include "sim/base/error.hpp"
#include "sim/base/text.hpp"
#include "sim/profiles/import_text.hpp"
#include "sim/profiles/profile_import.hpp"

namespace brownout::profiles {
namespace {

/// A cell that a map marks with 0 or 1.
struct MarkedCell {
  std::uint64_t cell = 0;
  bool one = false;
};

/// A map as it stands in its file, in ascending order of the cells.
struct StuckMap {
  std::string name;
  std::vector<MarkedCell> cells;
};

struct MapSize {
  int rows = 0, columns = 0;
  std::uint64_t cells() const {
    return static_cast<std::uint64_t>(rows) * static_cast<std::uint64_t>(columns);
  }
  std::string place(std::uint64_t cell) const {
    return fmt::format("row {}, column {}", cell / static_cast<std::uint64_t>(columns),
                       cell % static_cast<std::uint64_t>(columns));
  }
};

void read_list(std::string_view text, const MapSize& size, StuckMap& map) {
  Lines lines(text);
  for (std::string_view line; lines.next(line);) {
    if (trimmed(line).empty()) continue;
    const std::vector<std::string_view> fields = fields_of(line, ',');
    if (lines.number() == 1 && fields == std::vector<std::string_view>{"row", "column", "value"})
      continue;
    int values[3] = {-1, -1, -1};
    const int limits[3] = {size.rows, size.columns, 2};
    bool good = fields.size() == 3;
    for (std::size_t i = 0; good && i < 3; ++i) {
      const char* end = fields[i].data() + fields[i].size();
      const auto result = std::from_chars(fields[i].data(), end, values[i]);
      good = !fields[i].empty() && result.ec == std::errc() && result.ptr == end &&
             values[i] >= 0 && values[i] < limits[i];
    }
    if (!good)
      throw InputError(
          "{}:{}: expected row,column,value with a row below {}, a column below {} and a value 0 "
          "or 1, got {}",
          map.name, lines.number(), size.rows, size.columns, in_quotes(line));
    map.cells.push_back(
        {static_cast<std::uint64_t>(values[0]) * static_cast<std::uint64_t>(size.columns) +
             static_cast<std::uint64_t>(values[1]),
         values[2] == 1});
  }
}

/// "0", "1", "." or "-".
bool is_mark(char character) {
  return character == '0' || character == '1' || character == '.' || character == '-';
}

void read_matrix(std::string_view text, const MapSize& size, StuckMap& map) {
  const auto rows = static_cast<std::uint64_t>(size.rows);
  const auto columns = static_cast<std::uint64_t>(size.columns);
  Lines lines(text);
  std::uint64_t row = 0;
  for (std::string_view line; lines.next(line);) {
    if (trimmed(line).empty()) continue;
    if (row == rows)
      throw InputError("{}:{}: expected {} rows, got more", map.name, lines.number(), rows);
    std::uint64_t column = 0;
    for (const char character : line) {
      if (character == ' ' || character == '\t' || character == ',' || character == ';') continue;
      if (!is_mark(character))
        throw InputError("{}:{}: expected 0, 1, \".\" or \"-\" for each cell, got {}", map.name,
                         lines.number(), in_quotes(std::string_view(&character, 1)));
      if (character == '0' || character == '1')
        map.cells.push_back({row * columns + column, character == '1'});
      if (++column > columns) break;
    }
    if (column != columns)
      throw InputError("{}:{}: expected {} cells, got {}{}", map.name, lines.number(), columns,
                       column > columns ? "at least " : "", column);
    ++row;
  }
  if (row != rows) throw InputError("{}: expected {} rows, got {}", map.name, rows, row);
}

/// A file without commas is a matrix. With commas it is one if its first line has a mark in every
/// field, other than three fields, which are row, column and value. A list without cells has at
/// least its header.
bool is_matrix(std::string_view text) {
  if (text.find(',') == std::string_view::npos) return true;
  Lines lines(text);
  std::string_view line;
  while (lines.next(line) && trimmed(line).empty()) {
  }
  std::vector<std::string_view> fields = fields_of(line, ',');
  if (fields.back().empty()) fields.pop_back();  // a comma at the end
  return fields.size() != 3 && std::all_of(fields.begin(), fields.end(), [](auto field) {
           return field.size() == 1 && is_mark(field.front());
         });
}

StuckMap read_stuck_map(const std::filesystem::path& file, const MapSize& size) {
  const std::string text = read_map_text(file);
  StuckMap map{file.string(), {}};
  if (is_matrix(text)) {
    read_matrix(text, size, map);
    return map;
  }
  read_list(text, size, map);
  std::sort(map.cells.begin(), map.cells.end(),
            [](const MarkedCell& a, const MarkedCell& b) { return a.cell < b.cell; });
  for (std::size_t i = 1; i < map.cells.size(); ++i) {
    if (map.cells[i].cell == map.cells[i - 1].cell)
      throw InputError("{}: expected each cell once, got {} again", map.name,
                       size.place(map.cells[i].cell));
  }
  return map;
}

/// A 0 for nearly every cell is probably not a fault.
void expect_healthy_cells(const StuckMap& map, const MapSize& size) {
  if (map.cells.size() * 10 <= size.cells() * 9) return;
  throw InputError(
      "{}: {} of {} cells would be faulty, stuck at 0 or 1; does 0 mean stuck, or healthy? "
      "Expected {} stuck or healthy",
      map.name, map.cells.size(), size.cells(), Field{"zero_means"});
}

Profile stuck_profile(int rows, int columns, const ImportInfo& info) {
  Profile profile = profile_of(info);
  profile.rows = rows;
  profile.columns = columns;
  return profile;
}

}  // namespace

Imported import_stuck_at(const std::vector<VoltageFile>& files, int rows, int columns,
                         const ImportInfo& info, ZeroMeans zero) {
  const MapSize size{rows, columns};
  Imported result{stuck_profile(rows, columns, info), {}};
  for (const VoltageFile& source : files) {
    const StuckMap map = read_stuck_map(source.file, size);
    if (zero == ZeroMeans::kUnsaid) expect_healthy_cells(map, size);
    ProfileLevel level{source.voltage, {}};
    for (const MarkedCell& marked : map.cells) {
      if (zero == ZeroMeans::kHealthy && !marked.one) continue;
      level.cells.push_back(stuck_cell(marked.cell, marked.one));
    }
    result.profile.levels.push_back(std::move(level));
  }
  finish_import(result);
  return result;
}

Imported import_stuck_pairs(const std::vector<VoltagePair>& files, int rows, int columns,
                            const ImportInfo& info) {
  const MapSize size{rows, columns};
  Imported result{stuck_profile(rows, columns, info), {}};
  for (const VoltagePair& source : files) {
    ProfileLevel level{source.voltage, {}};
    for (const bool at_one : {false, true}) {
      const StuckMap map = read_stuck_map(at_one ? source.second : source.first, size);
      for (const MarkedCell& marked : map.cells) {
        if (marked.one) level.cells.push_back(stuck_cell(marked.cell, at_one));
      }
    }
    std::sort(level.cells.begin(), level.cells.end(),
              [](const ProfileCell& a, const ProfileCell& b) { return a.cell < b.cell; });
    std::vector<ProfileCell> cells;
    std::uint64_t in_both = 0;
    for (const ProfileCell& cell : level.cells) {
      if (cells.empty() || cells.back().cell != cell.cell) {
        cells.push_back(cell);
      } else {
        cells.back().p01 = cells.back().p10 = 1.0f;
        ++in_both;
      }
    }
    level.cells = std::move(cells);
    if (in_both > 0) {
      result.notes.push_back(fmt::format(
          "{} and {}: {} in both, stuck at 0 and at 1: taken to read the opposite of what is "
          "stored",
          source.first.string(), source.second.string(),
          counted(static_cast<std::int64_t>(in_both), "cell")));
    }
    result.profile.levels.push_back(std::move(level));
  }
  finish_import(result);
  return result;
}

}  // namespace brownout::profiles
