// SPDX-License-Identifier: Apache-2.0
// Counts of tiles and words, and what is in use.
#include "sim/results/program_summary.hpp"

#include <algorithm>

#include "sim/mapping/program.hpp"

namespace brownout::results {

namespace {

double utilization_of(const mapping::Program& program, std::int64_t macs, std::int64_t cycles) {
  const mapping::ArrayConfig& array = program.accelerator.array;
  const double slots =
      static_cast<double>(cycles) * static_cast<double>(array.rows) * array.columns;
  return slots > 0.0 ? static_cast<double>(macs) / slots : 0.0;
}

std::int64_t tiles_of(const mapping::LayerProgram& layer) {
  std::int64_t tiles = 0;
  for (const mapping::Strip& strip : layer.strips) {
    tiles += static_cast<std::int64_t>(layer.column_tiles[strip.column_tile].words.size());
  }
  return tiles;
}

std::int64_t chunk_words(const mapping::LayerProgram& layer) {
  std::int64_t words = 0;
  for (const mapping::Chunk& chunk : layer.chunks) words += chunk.words;
  return words;
}

/// Highest byte of the activation memory in use.
std::int64_t activation_bytes(const mapping::Program& program) {
  std::int64_t end = 0;
  const auto add = [&](const mapping::Region& region) {
    if (region.address >= 0) {
      end = std::max(end, region.address + region.slot_bytes * program.batch);
    }
  };
  for (const mapping::Region& region : program.regions) add(region);
  for (const mapping::Region& region : program.input_pixels) add(region);
  add(program.logits);
  add(program.staging);
  return end;
}

RegionSummary region_of(const mapping::Program& program, const mapping::Region& region) {
  return {region.address, region.slot_bytes * program.batch, region.bank_first, region.bank_last};
}

LayerSummary layer_of(const mapping::Program& program, const mapping::LayerProgram& layer) {
  LayerSummary summary;
  summary.name = layer.name;
  summary.matrix = layer.step.matrix.has_value();
  summary.staged = layer.staged;
  summary.chunks = layer.chunks.size();
  summary.column_tiles = layer.column_tiles.size();
  summary.strips = layer.strips.size();
  summary.tiles = tiles_of(layer);
  summary.k = layer.k;
  summary.walks = layer.walks;
  summary.weight_words = chunk_words(layer);
  summary.closed_form_cycles = layer.closed_form_cycles;
  summary.utilization = utilization_of(program, layer.counts.macs, layer.closed_form_cycles);
  summary.counts = layer.counts;
  summary.output = region_of(program, program.regions[layer.step.output]);
  return summary;
}

}  // namespace

double ProgramSummary::cycles_per_image() const {
  return static_cast<double>(closed_form_cycles) / batch;
}

double ProgramSummary::batch_ms() const {
  return static_cast<double>(closed_form_cycles) / (clock_mhz * 1e3);
}

ProgramSummary summarize(const mapping::Program& program) {
  const mapping::AcceleratorConfig& accelerator = program.accelerator;
  ProgramSummary summary;
  summary.accelerator = accelerator.name;
  summary.accelerator_file = accelerator.file;
  summary.configuration = mapping::resolved_json(accelerator);
  summary.dataflow = to_string(accelerator.array.dataflow);
  summary.residency = to_string(accelerator.weights.residency);
  summary.rows = accelerator.array.rows;
  summary.columns = accelerator.array.columns;
  summary.clock_mhz = accelerator.clock_mhz;
  summary.batch = program.batch;
  summary.bit_offset = program.bit_offset;
  for (const mapping::LayerProgram& layer : program.layers) {
    summary.layers.push_back(layer_of(program, layer));
  }
  summary.closed_form_cycles = program.closed_form_cycles;
  summary.utilization = utilization_of(program, program.counts.macs, program.closed_form_cycles);
  summary.counts = program.counts;
  summary.weight_words = program.resident_words;
  summary.scratchpad_words = accelerator.weights.words();
  summary.scratchpad_words_used = static_cast<std::int64_t>(program.placement.words);
  summary.activation_bytes = accelerator.activations.bytes();
  summary.activation_bytes_used = activation_bytes(program);
  summary.input_pixels = {region_of(program, program.input_pixels[0]),
                          region_of(program, program.input_pixels[1])};
  return summary;
}

}  // namespace brownout::results
