// SPDX-License-Identifier: Apache-2.0
// Profiles from other people's formats (docs/chips.md, "Importing maps"). InputErrors name the file
// and the place in it.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "sim/profiles/chip_profile.hpp"
#include "sim/profiles/voltage_unit.hpp"

namespace brownout::profiles {

/// What the files themselves do not say.
struct ImportInfo {
  std::string name;
  std::string origin;
  double vmin_volt = 0.0;  // 0: not known
  bool synthetic = false;
};

/// A profile, and what is to be said about how its files were understood, a sentence each.
struct Imported {
  Profile profile;
  std::vector<std::string> notes;
};

/// A map that was taken at one voltage, in units of Vmin. Maps may come in any order; two of the
/// same voltage are an error.
struct VoltageFile {
  double voltage = 1.0;
  std::filesystem::path file;
};

/// Two maps of one voltage.
struct VoltagePair {
  double voltage = 1.0;
  std::filesystem::path first, second;
};

/// Faults of one BRAM file before and after its 16-bit words are reduced to bytes.
struct BramTotals {
  double voltage = 1.0;
  std::uint64_t bits = 0, faults = 0;             // as they stand in the file
  std::uint64_t real_cells = 0, real_faults = 0;  // every byte stands there twice
};

/// 28 nm FPGA BRAM: hexadecimal digits in blocks of 1024 words of 4 digits, in one line or in many,
/// or a file of $readmemh with comments and @addresses. All ones were written, so that a 0 bit is a
/// 1→0 fault, persistent. A block becomes an array of 1024 × 8 cells. Words that a file with
/// addresses does not list have no faults. `totals`, if given, gets one entry per voltage,
/// ascending.
Imported import_bram_hex(const std::vector<VoltageFile>& files, const ImportInfo& info,
                         std::vector<BramTotals>* totals = nullptr);

/// What a 0 in a stuck-at map says of its cell.
enum class ZeroMeans { kUnsaid, kStuck, kHealthy };

/// Stuck-at maps of one array of rows × columns: lines `row,column,value` (a header of these words
/// may be first), or a matrix of rows lines with one character a cell, separated or not: 1 is stuck
/// at 1, `.` or `-` healthy, and 0 is stuck at 0 unless it means healthy. A map whose cells are
/// nearly all faulty is an InputError as long as that is unsaid. Stuck at 1 is p01 = 1, stuck at 0
/// is p10 = 1. Field: "zero_means".
Imported import_stuck_at(const std::vector<VoltageFile>& files, int rows, int columns,
                         const ImportInfo& info, ZeroMeans zero = ZeroMeans::kUnsaid);

/// The same, two maps a voltage: the first one has a 1 for each cell that is stuck at 0, the second
/// one for each that is stuck at 1. A cell in both always reads the opposite of what is stored.
Imported import_stuck_pairs(const std::vector<VoltagePair>& files, int rows, int columns,
                            const ImportInfo& info);

/// Pairs of .npy files, p01 first, then p10: numbers of any type in [0, 1] or booleans, C order or
/// Fortran order, rows × columns or arrays × rows × columns.
Imported import_npy(const std::vector<VoltagePair>& files, const ImportInfo& info);

/// Masks of a memory, as `profile export --format masks` writes them: a word becomes a row.
Imported import_masks(const std::vector<VoltageFile>& files, const ImportInfo& info);

/// Lists of cells, and what is said of them. Fields: those of the members.
struct CellLists {
  std::vector<std::filesystem::path> files;
  /// Of the files, in their order, in units of Vmin. Empty: a column has the voltages.
  std::vector<double> voltages;
  VoltageScale scale;               // of a column of voltages
  std::vector<std::string> fields;  // names of the columns, "-": unused. Empty: the first line's
  std::optional<int> arrays, rows, columns;
  std::optional<std::string> name, origin;  // else those that the file states
  std::optional<double> vmin_volt;          // likewise
};

/// One line a cell, with a line of names before: voltage, array, row, column (0 if there is no such
/// column), p01 and p10 (0), or value (0 or 1, at which the cell is stuck). Without p01, p10 and
/// value a cell always reads wrong. Cells may come in any order, and any number of times at
/// different voltages. What `profile export` writes has a head that states all that the lines do
/// not (cells_head.hpp). The largest numbers give a geometry that nobody states. `usual` has what
/// then neither the lists nor the head say.
Imported import_cells(const CellLists& lists, const ImportInfo& usual);

// What importers share.

/// A profile without cells.
Profile profile_of(const ImportInfo& info);
/// Sorts by voltage, makes the checks that every profile must pass, and notes levels at which most
/// cells err.
void finish_import(Imported& imported);
/// A cell that always reads 0 or 1.
inline ProfileCell stuck_cell(std::uint64_t cell, bool at_one) {
  return {cell, at_one ? 1.0f : 0.0f, at_one ? 0.0f : 1.0f};
}

}  // namespace brownout::profiles
