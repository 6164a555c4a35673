// SPDX-License-Identifier: Apache-2.0
// The key accelerator_grid of a sweep file: one accelerator for each combination of values.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "sim/mapping/accelerator_config.hpp"

namespace brownout {
class YamlMap;
}

namespace brownout::runs {

inline constexpr std::size_t kMostCombinations = 1000;

/// `grid` lists values for keys of an accelerator file, dotted: {array.rows: [8, 16]}. Reads the
/// file once for each combination; the values of the last key change fastest. Each is called
/// "NAME[array.rows=8,weights.kib=128]", and knows the places of its keys. `where` is the place of
/// the grid. InputError for keys that cannot be varied, values listed twice, too many combinations,
/// and for what the accelerator file refuses.
std::vector<mapping::AcceleratorConfig> read_accelerator_grid(
    YamlMap& grid, const std::string& where, const std::filesystem::path& accelerator);

/// InputError, which names both, if two of them are the same but for their names: one value in two
/// spellings.
void expect_different(const std::vector<mapping::AcceleratorConfig>& accelerators,
                      const std::string& where);

}  // namespace brownout::runs
