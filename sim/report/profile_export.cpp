// SPDX-License-Identifier: Apache-2.0
// CSV, NumPy's file format, and masks for $readmemh.
#include "sim/report/profile_export.hpp"

#include <fmt/format.h>

#include <cstring>
#include <iterator>
#include <nlohmann/json.hpp>

#include "sim/base/error.hpp"
#include "sim/base/text.hpp"

namespace brownout::report {

namespace {

using chips::MaskCell;
using MasksJson = nlohmann::ordered_json;

/// "at 0.8333 Vmin" or "at a rate of 0.01"
std::string point_text(const MasksExport& made) {
  return made.voltage ? fmt::format("at {} Vmin", *made.voltage)
                      : fmt::format("at a rate of {}", *made.rate);
}

/// Hexadecimal digits of one mask, to be set bit by bit.
void set_bit(char* digits, std::int64_t count, std::int64_t bit) {
  char& digit = digits[count - 1 - bit / 4];
  const int value = (digit <= '9' ? digit - '0' : digit - 'a' + 10) | 1 << bit % 4;
  digit = "0123456789abcdef"[value];
}

}  // namespace

std::string profile_csv(const profiles::Profile& profile) {
  const auto columns = static_cast<std::uint64_t>(profile.columns);
  const auto rows = static_cast<std::uint64_t>(profile.rows);
  std::string text = "voltage,array,row,column,p01,p10\n";
  for (const profiles::ProfileLevel& level : profile.levels) {
    for (const profiles::ProfileCell& cell : level.cells) {
      const std::uint64_t line = cell.cell / columns;
      fmt::format_to(std::back_inserter(text), "{},{},{},{},{},{}\n", level.voltage, line / rows,
                     line % rows, cell.cell % columns, cell.p01, cell.p10);
    }
  }
  return text;
}

std::string profile_npy(const profiles::Profile& profile, const profiles::ProfileLevel& level,
                        bool p01) {
  static_assert(sizeof(float) == 4);
  BROWNOUT_CHECK(profile.cells() <= kMostNpyCells, "{} cells", profile.cells());
  std::string header =
      fmt::format("{{'descr': '<f4', 'fortran_order': False, 'shape': ({}, {}, {}), }}",
                  profile.arrays, profile.rows, profile.columns);
  // Magic, version and length take 10 bytes; the data begin at a multiple of 64.
  header.append(63 - (10 + header.size()) % 64, ' ');
  header += '\n';
  std::string file = "\x93NUMPY";
  file += '\x01';
  file += '\0';
  file += static_cast<char>(header.size() & 0xff);
  file += static_cast<char>(header.size() >> 8);
  file += header;
  const std::size_t data = file.size();
  file.resize(data + profile.cells() * sizeof(float), '\0');
  for (const profiles::ProfileCell& cell : level.cells) {
    const float p = p01 ? cell.p01 : cell.p10;
    std::memcpy(file.data() + data + cell.cell * sizeof(float), &p, sizeof p);
  }
  return file;
}

std::string masks_mem(const MasksExport& made) {
  const chips::WordMasks& masks = made.masks;
  const std::int64_t digits = (masks.bits + 3) / 4;
  const std::int64_t line = 3 * (digits + 1);  // with two '_' and a newline
  std::string text = fmt::format(
      "// brownout masks words {} bits {}: chip {} {}\n"
      "// A line a word: stuck0_stuck1_flip, read = ((stored & ~stuck0) | stuck1) ^ flip\n",
      masks.words, masks.bits, printable(made.chip), point_text(made));
  const std::size_t begin = text.size();
  text.resize(begin + static_cast<std::size_t>(masks.words * line), '0');
  for (std::int64_t word = 0; word < masks.words; ++word) {
    char* const at = text.data() + begin + word * line;
    at[digits] = at[2 * digits + 1] = '_';
    at[line - 1] = '\n';
  }
  for (const MaskCell& cell : masks.cells) {
    char* const at = text.data() + begin + cell.word * line;
    set_bit(at + static_cast<int>(cell.error) * (digits + 1), digits, cell.bit);
  }
  return text;
}

std::string masks_json(const MasksExport& made) {
  const chips::WordMasks& masks = made.masks;
  const MasksJson json = {
      {"chip", made.chip},
      {"chip_note", made.chip_note.empty() ? MasksJson(nullptr) : MasksJson(made.chip_note)},
      {"voltage", made.voltage ? MasksJson(*made.voltage) : MasksJson(nullptr)},
      {"rate", made.rate ? MasksJson(*made.rate) : MasksJson(nullptr)},
      {"evaluation_seed", made.evaluation_seed},
      {"words", masks.words},
      {"bits", masks.bits},
      {"cells", masks.words * masks.bits},
      {"cells_wrong", masks.cells.size()},
      {"stuck0", masks.count(MaskCell::Error::kStuck0)},
      {"stuck1", masks.count(MaskCell::Error::kStuck1)},
      {"flip", masks.count(MaskCell::Error::kFlip)},
      {"files", {made.file}}};
  return json.dump(2, ' ', false, MasksJson::error_handler_t::replace) + "\n";
}

std::string masks_text(const MasksExport& made) {
  const chips::WordMasks& masks = made.masks;
  return fmt::format(
      "{} {}: {} words of {} bits, {} cells read wrong: {} stuck at 0, {} stuck at 1, {} "
      "flip\n{}{}written:\n  {}\n",
      printable(made.chip), point_text(made), masks.words, masks.bits, masks.cells.size(),
      masks.count(MaskCell::Error::kStuck0), masks.count(MaskCell::Error::kStuck1),
      masks.count(MaskCell::Error::kFlip), printable(made.chip_note),
      made.chip_note.empty() ? "" : "\n", printable(made.file));
}

}  // namespace brownout::report
