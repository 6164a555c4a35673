// SPDX-License-Identifier: Apache-2.0
// Files of waves: the core writes FST; VCD, which more programs read, is made from it.
#pragma once
#include <filesystem>

namespace brownout::cosim {

enum class WaveFormat { kFst, kVcd };

/// The format by the ending, .fst or .vcd. InputError, which begins with the name, for any other
/// ending.
WaveFormat wave_format(const std::filesystem::path& file);

/// Writes the waves of an FST file as VCD. RunError when that is not possible.
void write_vcd(const std::filesystem::path& fst, const std::filesystem::path& vcd);

}  // namespace brownout::cosim
