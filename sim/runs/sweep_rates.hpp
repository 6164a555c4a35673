// SPDX-License-Identifier: Apache-2.0
// What a sweep file over bit error rates says instead of voltages.
#pragma once

#include "sim/base/yaml.hpp"
#include "sim/runs/sweep_file.hpp"

namespace brownout::runs {

/// InputError for keys that only mean something at a voltage.
void refuse_keys_of_voltages(const YamlMap& root);

/// Reads `rates`, when the rest of the file but its voltages has been read. InputError for boosts
/// and supplies, which only mean something at a voltage.
void read_rates(YamlMap& root, SweepConfig& config);

/// Reads `memory_rates`, when the accelerator has been read. InputError without `rates`.
void read_memory_rates(YamlMap& root, SweepConfig& config);

}  // namespace brownout::runs
