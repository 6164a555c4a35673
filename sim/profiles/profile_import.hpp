// SPDX-License-Identifier: Apache-2.0
// Profiles from other people's formats (docs/chips.md, "Importing maps").
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "sim/profiles/chip_profile.hpp"

namespace brownout::profiles {

/// What the files themselves do not say.
struct ImportInfo {
  std::string name;
  std::string origin;
  double vmin_volt = 0.0;  // 0: not known
};

/// A map that was taken at one voltage, in units of Vmin. Maps may come in any order; two of the
/// same voltage are an error.
struct VoltageFile {
  double voltage = 1.0;
  std::filesystem::path file;
};

/// Faults of one BRAM file before and after its 16-bit words are reduced to bytes.
struct BramTotals {
  double voltage = 1.0;
  std::uint64_t bits = 0, faults = 0;             // as they stand in the file
  std::uint64_t real_cells = 0, real_faults = 0;  // every byte stands there twice
};

/// 28 nm FPGA BRAM: ASCII hex without newlines, blocks of 1024 rows of 4 digits. All ones were
/// written, so that a 0 bit is a 1→0 fault, persistent. A block becomes an array of 1024 × 8 cells.
/// `totals`, if given, gets one entry per voltage, ascending.
Profile import_bram_hex(const std::vector<VoltageFile>& files, const ImportInfo& info,
                        std::vector<BramTotals>* totals = nullptr);

/// Stuck-at maps of one array of rows × columns: lines `row,column,value` (a header of these words
/// may be first), or a matrix of rows lines with one character a cell: 0, 1 stuck at it, `.` or `-`
/// healthy; blanks between them are ignored. Stuck at 1 is p01 = 1, stuck at 0 is p10 = 1.
Profile import_stuck_at(const std::vector<VoltageFile>& files, int rows, int columns,
                        const ImportInfo& info);

/// A pair of .npy files for one voltage.
struct VoltageNpy {
  double voltage = 1.0;
  std::filesystem::path p01, p10;
};

/// float16, float32 or float64, little-endian, C order, rows × columns or arrays × rows × columns.
Profile import_npy(const std::vector<VoltageNpy>& files, const ImportInfo& info);

}  // namespace brownout::profiles
