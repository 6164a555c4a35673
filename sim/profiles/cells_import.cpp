// SPDX-License-Identifier: Apache-2.0
// Importer of lists of cells.
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <map>

#include "sim/base/error.hpp"
#include "sim/base/setting_text.hpp"
#include "sim/base/text.hpp"
#include "sim/profiles/cells_head.hpp"
#include "sim/profiles/import_text.hpp"
#include "sim/profiles/profile_format.hpp"
#include "sim/profiles/profile_import.hpp"

namespace brownout::profiles {
namespace {

enum CellField { kVoltage, kArray, kRow, kColumn, kP01, kP10, kValue, kCellFields };
const std::vector<std::string>& cell_fields() {
  static const std::vector<std::string> names{"voltage", "array", "row",  "column",
                                              "p01",     "p10",   "value"};
  return names;
}

/// A line of a list.
struct ListedCell {
  std::size_t level = 0;
  std::array<std::uint32_t, 3> at{};  // array, row, column
  float p01 = 0.0f, p10 = 0.0f;
  std::uint32_t file = 0, line = 0;
};

/// Which field of a line has what; -1: none has it.
struct Columns {
  std::array<int, kCellFields> of{};
  std::size_t count = 0;

  bool has(CellField field) const { return of[field] >= 0; }
};

/// Some of them names, each once, with at least one of array, row and column.
Columns columns_of(const std::string& where, const std::vector<std::string>& names) {
  Columns columns;
  columns.of.fill(-1);
  columns.count = names.size();
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (names[i] == "-") continue;
    const std::string name = parse_choice(where, names[i], cell_fields());
    int& place = columns.of[static_cast<std::size_t>(
        std::find(cell_fields().begin(), cell_fields().end(), name) - cell_fields().begin())];
    if (place >= 0) throw InputError("{}: expected each column once, got {} again", where, name);
    place = static_cast<int>(i);
  }
  if (!columns.has(kArray) && !columns.has(kRow) && !columns.has(kColumn)) {
    throw InputError("{}: expected a column array, row or column, which says where a cell is",
                     where);
  }
  if (columns.has(kValue) && (columns.has(kP01) || columns.has(kP10))) {
    throw InputError("{}: expected either value or p01 and p10, got both", where);
  }
  return columns;
}

bool is_word(std::string_view field) {
  const auto is_letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
  return field == "-" || (!field.empty() && is_letter(field.front()) && field != "nan" &&
                          field != "NaN" && field != "inf");
}

class ListReader {
 public:
  explicit ListReader(const CellLists& lists) : lists_(lists) {}

  void read(std::size_t file) {
    const std::string name = lists_.files[file].string();
    const std::string text = read_map_text(lists_.files[file]);
    std::optional<Columns> columns;
    if (!lists_.fields.empty()) {
      columns = columns_of(field_text("fields"), lists_.fields);
      check_voltages(field_text("fields"), *columns);
    }
    bool first = true;
    char separator = ' ';
    CellsHeadReader head;
    Lines lines(text);
    for (std::string_view line; lines.next(line);) {
      const std::string_view content = trimmed(line);
      if (content.empty()) continue;
      const std::string where = fmt::format("{}:{}", name, lines.number());
      if (content.front() == '#') {
        head.read(where, line);  // blanks at the end of a name count
        continue;
      }
      if (first) separator = separator_of(content);
      const std::vector<std::string_view> fields = fields_of(content, separator);
      const bool names = first && std::all_of(fields.begin(), fields.end(), is_word);
      first = false;
      if (names && columns) continue;  // they are called otherwise
      if (!columns) {
        columns = named_columns(where, fields, names);
        continue;
      }
      if (fields.size() != columns->count) {
        throw InputError("{}: expected {}, got {}: {}", where,
                         counted(static_cast<std::int64_t>(columns->count), "field"), fields.size(),
                         in_quotes(line));
      }
      ListedCell cell = parsed(where, fields, *columns, file);
      cell.file = static_cast<std::uint32_t>(file);
      cell.line = static_cast<std::uint32_t>(lines.number());
      cells_.push_back(cell);
    }
    if (!columns) {
      throw InputError(
          "{}: expected a line with the names of the columns, and lines with cells; "
          "found none",
          name);
    }
    wrong_always_ =
        wrong_always_ || !(columns->has(kValue) || columns->has(kP01) || columns->has(kP10));
    if (!columns->has(kVoltage)) level(lists_.voltages[file]);  // also without a cell
    if (const std::optional<Profile> stated = head.profile(name)) keep_head(name, *stated);
  }

  Imported finish(const ImportInfo& usual) {
    ImportInfo info = usual;
    if (stated_) {
      info = {stated_->name, stated_->origin, stated_->vmin_volt, stated_->synthetic};
    }
    info.synthetic = info.synthetic || usual.synthetic;
    if (lists_.name) info.name = *lists_.name;
    if (lists_.origin) info.origin = *lists_.origin;
    if (lists_.vmin_volt) info.vmin_volt = *lists_.vmin_volt;
    Imported result{profile_of(info), {}};
    set_geometry(result);
    if (wrong_always_) {
      result.notes.emplace_back(
          "no column p01, p10 or value: each cell of the list is taken to read wrong always (p01 = "
          "p10 = 1)");
    }
    add_cells(result.profile);
    finish_import(result);
    return result;
  }

 private:
  void check_voltages(const std::string& where, const Columns& columns) const {
    if (columns.has(kVoltage) && !lists_.voltages.empty()) {
      throw InputError("{}: a column has the voltages of the cells; expected no {}", where,
                       Field{"voltages"});
    }
    if (!columns.has(kVoltage) && lists_.voltages.empty()) {
      throw InputError("{}: no column has the voltages of the cells; expected {} V,V,...", where,
                       Field{"voltages"});
    }
  }

  Columns named_columns(const std::string& where, const std::vector<std::string_view>& fields,
                        bool names) const {
    if (!names) {
      throw InputError(
          "{}: expected a line with the names of the columns first (of {}), got {}; without one, "
          "{} NAME,NAME,... says them",
          where, fmt::join(cell_fields(), ", "),
          in_quotes(fmt::format("{}", fmt::join(fields, ","))), Field{"fields"});
    }
    std::vector<std::string> lower;
    for (const std::string_view field : fields) {
      lower.emplace_back(field);
      for (char& c : lower.back()) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    }
    const Columns columns = columns_of(where, lower);
    check_voltages(where, columns);
    return columns;
  }

  /// The number of a voltage, which is a new one or was there.
  std::size_t level(double voltage) {
    return levels_.emplace(voltage, levels_.size()).first->second;
  }

  ListedCell parsed(const std::string& where, const std::vector<std::string_view>& fields,
                    const Columns& columns, std::size_t file) {
    const auto text = [&](CellField field) {
      return columns.has(field) ? fields[static_cast<std::size_t>(columns.of[field])]
                                : std::string_view();
    };
    const auto place = [&](CellField field) {
      return fmt::format("{}: {}", where, cell_fields()[field]);
    };
    ListedCell cell;
    cell.level = level(columns.has(kVoltage) ? voltage(place(kVoltage), text(kVoltage))
                                             : lists_.voltages[file]);
    const std::optional<int> limits[] = {lists_.arrays, lists_.rows, lists_.columns};
    for (std::size_t axis = 0; axis < 3; ++axis) {
      const auto field = static_cast<CellField>(kArray + axis);
      if (text(field).empty()) continue;
      const std::int64_t most = limits[axis].value_or(static_cast<int>(kMostPerAxis)) - 1;
      const char* const end = text(field).data() + text(field).size();
      std::int64_t value = -1;
      const auto read = std::from_chars(text(field).data(), end, value);
      if (read.ec != std::errc() || read.ptr != end || value < 0 || value > most) {
        throw InputError("{}: expected an integer in [0, {}], got {}", place(field), most,
                         in_quotes(text(field)));
      }
      cell.at[axis] = static_cast<std::uint32_t>(value);
    }
    if (columns.has(kValue)) {
      const std::string_view value = text(kValue);
      if (value != "0" && value != "1") {
        throw InputError("{}: expected 0 or 1, at which the cell is stuck, got {}", place(kValue),
                         in_quotes(value));
      }
      const ProfileCell stuck = stuck_cell(0, value == "1");
      cell.p01 = stuck.p01;
      cell.p10 = stuck.p10;
    } else if (!columns.has(kP01) && !columns.has(kP10)) {
      cell.p01 = cell.p10 = 1.0f;
    } else {
      cell.p01 = probability(place(kP01), text(kP01));
      cell.p10 = probability(place(kP10), text(kP10));
    }
    return cell;
  }

  /// Most lines have the voltage of the line before.
  double voltage(const std::string& place, std::string_view text) {
    if (text != last_text_ || last_text_.empty()) {
      last_voltage_ = lists_.scale.parse(place, text);
      last_text_ = text;
    }
    return last_voltage_;
  }

  /// The float that is nearest to the text, as the export wrote it.
  static float probability(const std::string& place, std::string_view text) {
    if (text.empty()) return 0.0f;
    const char* const end = text.data() + text.size();
    float value = -1.0f;
    const auto read = std::from_chars(text.data(), end, value);
    if (read.ec == std::errc::result_out_of_range && read.ptr == end) {  // perhaps a tiny number
      return static_cast<float>(parse_number(place, std::string(text), 0.0, 1.0));
    }
    if (read.ec != std::errc() || read.ptr != end || !(value >= 0.0f && value <= 1.0f)) {
      throw InputError("{}: expected a probability in [0, 1], got {}", place, in_quotes(text));
    }
    return value;
  }

  void keep_head(const std::string& name, const Profile& head) {
    if (lists_.files.size() > 1) {
      throw InputError("{}: its head states a whole profile; expected it alone, got {} files", name,
                       lists_.files.size());
    }
    const auto expect_same = [&](const char* field, const auto& given, const auto& stated) {
      if (!given || *given == stated) return;
      throw InputError("{}: {}: expected {} as the head of {} says, got {}", Field{field}, name,
                       stated, name, *given);
    };
    expect_same("arrays", lists_.arrays, head.arrays);
    expect_same("rows", lists_.rows, head.rows);
    expect_same("columns", lists_.columns, head.columns);
    if (!lists_.scale.in_vmin()) {
      throw InputError("{}: its voltages are in units of Vmin, as its head says; expected no {}",
                       name, Field{"voltage_unit"});
    }
    stated_ = head;
    for (const ProfileLevel& one : head.levels) level(one.voltage);
    if (levels_.size() != head.levels.size()) {
      throw InputError("{}: expected cells at the {} voltages of its head, found {} voltages", name,
                       head.levels.size(), levels_.size());
    }
  }

  void set_geometry(Imported& result) const {
    std::array<std::uint32_t, 3> largest{};
    for (const ListedCell& cell : cells_) {
      for (std::size_t axis = 0; axis < 3; ++axis)
        largest[axis] = std::max(largest[axis], cell.at[axis]);
    }
    const std::optional<int> given[] = {lists_.arrays, lists_.rows, lists_.columns};
    int* const sides[] = {&result.profile.arrays, &result.profile.rows, &result.profile.columns};
    std::string found;
    for (std::size_t axis = 0; axis < 3; ++axis) {
      const int stated = !stated_    ? 0
                         : axis == 0 ? stated_->arrays
                         : axis == 1 ? stated_->rows
                                     : stated_->columns;
      if (given[axis]) {
        *sides[axis] = *given[axis];
      } else if (stated > 0) {
        *sides[axis] = stated;
      } else {
        *sides[axis] = static_cast<int>(largest[axis]) + 1;
        const char* const nouns[] = {"array", "row", "column"};
        found += fmt::format("{}{}", found.empty() ? "" : ", ", counted(*sides[axis], nouns[axis]));
      }
      if (static_cast<int>(largest[axis]) < *sides[axis]) continue;
      const auto beyond = std::find_if(cells_.begin(), cells_.end(), [&](const ListedCell& cell) {
        return static_cast<int>(cell.at[axis]) >= *sides[axis];
      });
      throw InputError("{}:{}: {}: expected an integer in [0, {}], as its head says, got {}",
                       lists_.files[beyond->file].string(), beyond->line,
                       cell_fields()[kArray + axis], *sides[axis] - 1, beyond->at[axis]);
    }
    if (!found.empty()) {
      result.notes.push_back(fmt::format(
          "the map has {}, by the largest numbers of the cells, since nothing says its size",
          found));
    }
  }

  void add_cells(Profile& profile) {
    for (const auto& [voltage, number] : levels_) profile.levels.push_back({voltage, {}});
    std::vector<ProfileLevel*> level_of(levels_.size());
    std::size_t next = 0;
    for (const auto& [voltage, number] : levels_) level_of[number] = &profile.levels[next++];
    const auto number = [&](const ListedCell& cell) {
      const auto rows = static_cast<std::uint64_t>(profile.rows);
      const auto columns = static_cast<std::uint64_t>(profile.columns);
      return (cell.at[0] * rows + cell.at[1]) * columns + cell.at[2];
    };
    std::sort(cells_.begin(), cells_.end(), [&](const ListedCell& a, const ListedCell& b) {
      const std::uint64_t x = number(a), y = number(b);
      if (a.level != b.level) return a.level < b.level;
      if (x != y) return x < y;
      return a.file != b.file ? a.file < b.file : a.line < b.line;
    });
    const ListedCell* previous = nullptr;
    for (const ListedCell& cell : cells_) {
      if (previous != nullptr && previous->level == cell.level &&
          number(*previous) == number(cell)) {
        throw InputError(
            "{}:{}: expected each cell once at a voltage, got array {}, row {}, column {} again at "
            "{} Vmin (also in {}:{})",
            lists_.files[cell.file].string(), cell.line, cell.at[0], cell.at[1], cell.at[2],
            level_of[cell.level]->voltage, lists_.files[previous->file].string(), previous->line);
      }
      previous = &cell;
      if (cell.p01 == 0.0f && cell.p10 == 0.0f) continue;
      level_of[cell.level]->cells.push_back({number(cell), cell.p01, cell.p10});
    }
  }

  const CellLists& lists_;
  std::vector<ListedCell> cells_;
  std::map<double, std::size_t> levels_;  // number of each voltage, as they came
  std::optional<Profile> stated_;         // by the head
  bool wrong_always_ = false;
  std::string last_text_;
  double last_voltage_ = 0.0;
};

}  // namespace

Imported import_cells(const CellLists& lists, const ImportInfo& usual) {
  if (lists.files.empty()) throw InputError("expected a list of cells, got no file");
  if (!lists.voltages.empty() && lists.voltages.size() != lists.files.size()) {
    throw InputError("{}: expected a voltage for each of the {} files, got {}", Field{"voltages"},
                     lists.files.size(), lists.voltages.size());
  }
  ListReader reader(lists);
  for (std::size_t i = 0; i < lists.files.size(); ++i) reader.read(i);
  return reader.finish(usual);
}

}  // namespace brownout::profiles
