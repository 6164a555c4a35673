// SPDX-License-Identifier: Apache-2.0
// A DRAM as its own YAML file describes it, independent of an accelerator's clock.
#pragma once

#include <filesystem>
#include <string>

namespace brownout::mapping {

/// A figure and where it comes from.
struct SourcedFigure {
  double value = 0.0;
  std::string source;
};

struct DramPreset {
  std::filesystem::path file;
  std::string name;
  std::string description;
  SourcedFigure bandwidth_gb_per_s;  // 10⁹ bytes a second
  SourcedFigure latency_ns;          // once a transfer
  SourcedFigure energy_pj_per_bit;   // read or written
};

/// Reads a preset file (docs/accelerator.md). InputError for unknown keys, values out of range and
/// a figure without a source.
DramPreset load_dram_preset(const std::filesystem::path& file);

}  // namespace brownout::mapping
