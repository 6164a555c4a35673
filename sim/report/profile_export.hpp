// SPDX-License-Identifier: Apache-2.0
// Profiles in formats that other tools read.
#pragma once
#include <cstdint>
#include <string>

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

}  // namespace brownout::report
