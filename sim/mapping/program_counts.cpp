// SPDX-License-Identifier: Apache-2.0
// What a layer does, as counts and as closed-form cycles.
#include <algorithm>

#include "sim/mapping/compile_parts.hpp"
#include "sim/mapping/timing.hpp"

namespace brownout::mapping {

namespace {

const ColumnTile& column_tile(const LayerProgram& layer, const Strip& strip) {
  return layer.column_tiles[strip.column_tile];
}

/// Port cycles of a strip's K tile; those of the parameters belong to the first K tile.
std::int64_t read_cycles(const ColumnTile& tile, std::size_t t) {
  return tile.port_cycles[t] + (t == 0 ? tile.parameter_cycles : 0);
}

void count_matrix(const AcceleratorConfig& accelerator, const LayerProgram& layer,
                  EventCounts& counts) {
  const bool weight_stationary = accelerator.array.dataflow == Dataflow::kWeightStationary;
  for (const Strip& strip : layer.strips) {
    const ColumnTile& tile = column_tile(layer, strip);
    const std::int64_t row_words = (tile.n_count + 1) * strip.pixel_count;
    const std::int64_t k_tiles = tile.words.size();
    counts.macs += strip.pixel_count * layer.k * tile.n_count;
    counts.activation_reads += strip.pixel_count * layer.k;
    counts.weight_reads += tile.parameter_words;
    for (const std::int64_t words : tile.words) counts.weight_reads += words;
    counts.accumulator_writes += row_words * (weight_stationary ? k_tiles : 1);
    counts.accumulator_reads +=
        row_words * ((weight_stationary ? k_tiles - 1 : 0) + strip_walks(layer));
  }
}

}  // namespace

EventCounts count_events(const network::Network& network, const network::Shapes& shapes,
                         const Program& program, LayerIndex number) {
  const LayerProgram& layer = program.layers[number];
  const Step& step = layer.step;
  EventCounts counts;
  count_matrix(program.accelerator, layer, counts);
  counts.vector_ops = vector_operations(layer);
  if (!step.matrix) {
    counts.activation_reads +=
        layer.vector_numbers * layer.walks * number_bytes(network, step.input);
    for (const ColumnTile& tile : layer.column_tiles) counts.weight_reads += tile.parameter_words;
  }
  for (std::size_t r = 0; r < step.operands.size(); ++r) {
    const network::ValueIndex value = step.operands[r];
    counts.activation_reads += program.batch * shapes[value].size() * number_bytes(network, value) *
                               layer.operand_walks[r];
  }
  counts.activation_writes +=
      program.batch * shapes[step.output].size() * number_bytes(network, step.output);
  if (layer.staged) {
    counts.activation_writes += layer.staged_numbers * 4;
    counts.activation_reads += layer.staged_numbers * 4 * staged_walks(layer);
  }
  if (program.accelerator.weights.residency == WeightResidency::kStreamed) {
    for (const Chunk& chunk : layer.chunks) {
      counts.weight_writes += chunk.words;
      counts.dram_read_bytes += chunk.words * 8;
    }
  }
  const auto reads_input = [](const LayerProgram& l) {
    return l.step.input == network::kInputImage;
  };
  const auto first = std::find_if(program.layers.begin(), program.layers.end(), reads_input);
  if (&layer == &*first) {
    counts.dram_read_bytes += program.input_bytes;
    counts.activation_writes += program.input_bytes;
  }
  if (&layer == &program.layers.back()) {
    counts.activation_reads += program.output_bytes;
    counts.dram_write_bytes += program.output_bytes;
  }
  return counts;
}

std::int64_t memory_walk_cycles(const VectorConfig& vector, const LayerProgram& layer) {
  if (!layer.step.matrix) {
    const int channels = layer.step.matrix_out.channels;
    return drain_cycles(vector, layer.vector_numbers / channels, channels, layer.walks);
  }
  if (!layer.staged) return 0;
  const int channels = layer.staged_shape.channels;
  return drain_cycles(vector, layer.staged_numbers / channels, channels, staged_walks(layer));
}

std::int64_t closed_form_cycles(const AcceleratorConfig& accelerator, const LayerProgram& layer) {
  const VectorConfig& vector = accelerator.vector;
  const int checks = check_stages(accelerator.weights);
  if (!layer.step.matrix) {
    std::int64_t parameter_cycles = 0;
    for (const ColumnTile& tile : layer.column_tiles) parameter_cycles += tile.parameter_cycles;
    return (layer.column_tiles.empty() ? 0 : load_latency(parameter_cycles, checks)) +
           memory_walk_cycles(vector, layer) + vector.latency_cycles;
  }
  std::int64_t cycles =
      load_latency(read_cycles(column_tile(layer, layer.strips.front()), 0), checks);
  for (std::size_t s = 0; s < layer.strips.size(); ++s) {
    const Strip& strip = layer.strips[s];
    const ColumnTile& tile = column_tile(layer, strip);
    for (std::size_t t = 0; t < tile.words.size(); ++t) {
      std::int64_t next = 0;
      if (t + 1 < tile.words.size()) {
        next = load_latency(read_cycles(tile, t + 1), checks);
      } else if (s + 1 < layer.strips.size()) {
        next = load_latency(read_cycles(column_tile(layer, layer.strips[s + 1]), 0), checks);
      }
      cycles += std::max(stream_cycles(accelerator, layer, strip, t), next);
    }
  }
  const Strip& last = layer.strips.back();
  cycles +=
      array_latency(accelerator.array) +
      drain_cycles(vector, last.pixel_count, column_tile(layer, last).n_count, strip_walks(layer)) +
      vector.latency_cycles;
  return cycles + memory_walk_cycles(vector, layer);
}

}  // namespace brownout::mapping
