// SPDX-License-Identifier: Apache-2.0
// Event by event: commands, tiles, strips. All formulas are those of sim/mapping/timing.hpp.
#include "sim/cosim/predict.hpp"

#include <algorithm>

#include "sim/mapping/timing.hpp"

namespace brownout::cosim {

namespace {

/// Cycles of the port that a command's runs take, with W = 1.
std::int64_t port_cycles(const Command& command) {
  std::int64_t words = 0;
  std::uint32_t cell = command.cell;
  for (int c = 0; c < command.columns; ++c, cell += command.stride) {
    words += mapping::words_of_run(cell, command.codes, command.bits);
  }
  return words;
}

}  // namespace

JobTimes predict(const CoreShape& shape, const Job& job, const Pressure& pressure) {
  mapping::ArrayConfig array;
  array.rows = shape.rows;
  array.columns = shape.columns;
  const int checks = memory::word_code(job.mode.check).stages;
  JobTimes times;
  Counters& counters = times.counters;

  std::int64_t accepted = -2;       // cycle in which the last command was taken
  std::int64_t port_free = -1;      // last cycle of the port for the last command
  std::int64_t shadow_free = 0;     // from here on a load may begin
  std::int64_t vector = -1;         // cycle of the last vector
  std::int64_t drained = 0;         // the cycle after the last drain
  std::int64_t halves[2] = {0, 0};  // free from
  std::uint64_t vectors = 0, rows = 0;
  std::size_t index = 0;  // of the command

  for (std::size_t s = 0; s < job.strips.size(); ++s) {
    const StripJob& strip = job.strips[s];
    bool first_of_strip = true;
    bool loading = false;
    TileTimes tile;
    for (std::size_t i = 0; i < strip.command_count; ++i, ++index) {
      const Command& command = job.commands[strip.command_first + i];
      // The slot takes a command while the last word of the previous one is read, or later.
      std::int64_t take = std::max(accepted + 1 + pressure.gap(Port::kCommand, index), port_free);
      if (i == 0) take = std::max(take, strip.gates.load - 1);
      accepted = take;
      std::int64_t begin = take + 1;
      if (!loading) {
        begin = std::max(begin, shadow_free);
        tile.load = begin;
        loading = true;
      }
      const std::int64_t words = port_cycles(command);
      counters.weight_reads += words;
      port_free = begin + words - 1;
      if (command.parameters) continue;

      const std::int64_t loaded = begin + mapping::load_latency(words, checks);
      const bool first_vector_of_job = vectors == 0;
      std::int64_t ready = std::max(loaded, vector + 1);
      if (command.first) ready = std::max(ready, halves[s % 2]);
      std::int64_t offered =
          (first_vector_of_job ? 0 : vector + 1) + pressure.gap(Port::kVector, vectors++);
      if (first_of_strip) offered = std::max(offered, strip.gates.stream);
      first_of_strip = false;
      const std::int64_t idle_from = std::max<std::int64_t>(vector + 1, 0);
      const std::int64_t weights = std::max(loaded, idle_from);
      tile.swap = std::max(ready, offered);
      counters.stalled_weights += weights - idle_from;
      counters.stalled_accumulators += ready - weights;
      counters.stalled_activations += tile.swap - ready;
      vector = tile.swap;
      for (int v = 1; v < command.vectors; ++v) {
        const int gap = pressure.gap(Port::kVector, vectors++);
        counters.stalled_activations += gap;
        vector += 1 + gap;
      }
      tile.last_vector = vector;
      shadow_free = tile.swap;
      loading = false;
      times.tiles.push_back(tile);

      const std::int64_t row_words = std::int64_t{command.columns} + 1;
      counters.busy += command.vectors;
      counters.accumulator_writes += command.vectors * row_words;
      if (!command.first) counters.accumulator_reads += command.vectors * row_words;
    }
    const std::int64_t full = vector + 1 + mapping::array_latency(array);
    drained = std::max(drained, strip.gates.drain);
    for (int r = 0; r < strip.rows * strip.walks; ++r) {
      drained += pressure.gap(Port::kDrain, rows++);
      drained = std::max(drained, full) + strip.row_cycles;
    }
    halves[s % 2] = drained;
    times.drained.push_back(drained);
  }
  for (const WriteJob& write : job.writes) {
    counters.weight_writes += write.data.size();
  }
  return times;
}

std::vector<std::vector<std::int32_t>> activation_sums(const CoreShape& shape, const Job& job,
                                                       const AccumulatorFaults& faults) {
  std::vector<std::vector<std::int32_t>> sums;
  const std::int16_t* from = job.vectors.data();
  for (std::size_t s = 0; s < job.strips.size(); ++s) {
    const StripJob& strip = job.strips[s];
    const auto read = [&](int row, std::int32_t sum) {
      return faults.read(s % 2, row, shape.columns, sum);
    };
    sums.emplace_back(strip.rows, 0);
    for (std::size_t i = 0; i < strip.command_count; ++i) {
      const Command& command = job.commands[strip.command_first + i];
      if (command.parameters) continue;
      for (int row = 0; row < strip.rows; ++row) {
        std::int32_t tile = 0;
        for (int r = 0; r < shape.rows; ++r) tile += *from++;
        std::int32_t& sum = sums.back()[row];
        // Wrapping, like the adders.
        sum = static_cast<std::int32_t>(
            static_cast<std::uint32_t>(command.first ? 0 : read(row, sum)) +
            static_cast<std::uint32_t>(tile));
      }
    }
    for (int row = 0; row < strip.rows; ++row) {
      std::int32_t& sum = sums.back()[row];
      sum = read(row, sum);
    }
  }
  return sums;
}

}  // namespace brownout::cosim
