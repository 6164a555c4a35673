// SPDX-License-Identifier: Apache-2.0
// Which cells of one chip fail at the voltages or rates of a sweep: the first words of its weight
// memory.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "sim/results/stored_sweep.hpp"

namespace brownout::results {

struct FaultWindow {
  std::string chip;
  std::vector<double> levels;              // StoredPoint::level: voltages falling or rates rising
  std::vector<double> rates;               // fractions; as stored
  std::vector<std::int64_t> cells;         // of the window, that fail at each level
  std::uint32_t words = 0, all_words = 0;  // of the window, of the memory
  std::uint32_t array_rows = 512;
  /// Word by word, column by column: the number of the first level at which the cell fails,
  /// from 1; 0: it never does.
  std::vector<std::uint8_t> first_failure;
  std::string problem;  // why there is no map; "": there is one
};

/// More levels than this are thinned out.
inline constexpr std::size_t kMostLevels = 15;

/// The first chip of the sweep, drawn as the sweep draws it; at most `most_words` words.
FaultWindow fault_window(const StoredSweep& sweep, std::uint32_t most_words);

}  // namespace brownout::results
