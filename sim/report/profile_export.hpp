// SPDX-License-Identifier: Apache-2.0
// Profiles in formats that other tools read.
#pragma once
#include <cstdint>
#include <optional>
#include <string>

#include "sim/chips/word_masks.hpp"
#include "sim/profiles/chip_profile.hpp"

namespace brownout::report {

/// "voltage,array,row,column,p01,p10", one row a faulty cell and voltage; shortest decimals that
/// read back as the same floats.
std::string profile_csv(const profiles::Profile& profile);

/// Dense NumPy arrays may have this many cells; larger profiles can be exported as CSV.
inline constexpr std::uint64_t kMostNpyCells = 1ull << 28;

/// p01 (or p10) of every cell at one level: a .npy file (format 1.0, C order) of float32 with shape
/// (arrays, rows, columns).
std::string profile_npy(const profiles::Profile& profile, const profiles::ProfileLevel& level,
                        bool p01);

/// Masks, and what they were made from.
struct MasksExport {
  chips::WordMasks masks;
  std::string chip, chip_note;    // note: what must be said of the chip; empty: nothing
  std::optional<double> voltage;  // in units of Vmin; none: a rate was given
  std::optional<double> rate;     // of chips that fail by a rate
  std::uint64_t evaluation_seed = 0;
  std::string file;
};

/// A file for $readmemh, which rtl/simulation/sram_faults.sv reads: a comment with the size, then a
/// line a word, "stuck0_stuck1_flip", each with as many hexadecimal digits as the word needs.
std::string masks_mem(const MasksExport& made);
std::string masks_json(const MasksExport& made);
std::string masks_text(const MasksExport& made);

}  // namespace brownout::report
