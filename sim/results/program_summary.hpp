// SPDX-License-Identifier: Apache-2.0
// What an accelerator does for a network, layer by layer, as numbers.
#pragma once
#include <array>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "sim/base/event_counts.hpp"

namespace brownout::mapping {
struct Program;
}

namespace brownout::results {

/// Where values lie in the activation memory.
struct RegionSummary {
  std::int64_t address = 0, bytes = 0;
  int bank_first = 0, bank_last = 0;
};

struct LayerSummary {
  std::string name;
  bool matrix = false, staged = false;
  std::size_t chunks = 0, column_tiles = 0, strips = 0;
  std::int64_t tiles = 0;  // loads of a K tile into the array in one batch
  std::int64_t k = 0;
  int walks = 0;
  std::int64_t weight_words = 0;
  std::int64_t closed_form_cycles = 0;
  double utilization = 0.0;  // share of the multipliers' cycles that do useful work
  EventCounts counts;
  RegionSummary output;
};

/// One batch.
struct ProgramSummary {
  std::string accelerator;
  std::filesystem::path accelerator_file;
  std::string configuration;  // resolved, JSON
  std::string dataflow, residency;
  int rows = 0, columns = 0;
  double clock_mhz = 0.0;
  int batch = 1;
  std::uint64_t bit_offset = 0;
  std::vector<LayerSummary> layers;
  std::int64_t closed_form_cycles = 0;
  double utilization = 0.0;
  EventCounts counts;
  std::int64_t weight_words = 0;  // that the network takes
  std::int64_t scratchpad_words = 0, scratchpad_words_used = 0;
  std::int64_t activation_bytes = 0, activation_bytes_used = 0;  // up to the highest byte in use
  std::array<RegionSummary, 2> input_pixels;

  double cycles_per_image() const;
  double batch_ms() const;  // at the accelerator's clock
};

ProgramSummary summarize(const mapping::Program& program);

}  // namespace brownout::results
