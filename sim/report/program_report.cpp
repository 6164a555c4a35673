// SPDX-License-Identifier: Apache-2.0
// A program as a table for people and as JSON.
#include "sim/report/program_report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "sim/report/table.hpp"

namespace brownout::report {

using Json = nlohmann::ordered_json;
using mapping::LayerProgram;
using mapping::Program;

namespace {

/// Share of the multipliers' cycles that do useful work.
double utilization(const Program& program, std::int64_t macs, std::int64_t cycles) {
  const mapping::ArrayConfig& array = program.accelerator.array;
  const double slots =
      static_cast<double>(cycles) * static_cast<double>(array.rows) * array.columns;
  return slots > 0.0 ? static_cast<double>(macs) / slots : 0.0;
}

/// Loads of a K tile into the array in one batch.
std::int64_t tiles_of(const LayerProgram& layer) {
  std::int64_t tiles = 0;
  for (const mapping::Strip& strip : layer.strips) {
    tiles += static_cast<std::int64_t>(layer.column_tiles[strip.column_tile].words.size());
  }
  return tiles;
}

std::int64_t chunk_words(const LayerProgram& layer) {
  std::int64_t words = 0;
  for (const mapping::Chunk& chunk : layer.chunks) words += chunk.words;
  return words;
}

/// Highest byte of the activation memory in use.
std::int64_t activation_bytes(const Program& program) {
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

Json counts_json(const EventCounts& counts) {
  return {{"macs", counts.macs},
          {"vector_ops", counts.vector_ops},
          {"weight_reads", counts.weight_reads},
          {"weight_writes", counts.weight_writes},
          {"activation_reads", counts.activation_reads},
          {"activation_writes", counts.activation_writes},
          {"accumulator_reads", counts.accumulator_reads},
          {"accumulator_writes", counts.accumulator_writes},
          {"dram_read_bytes", counts.dram_read_bytes},
          {"dram_write_bytes", counts.dram_write_bytes}};
}

Json region_json(const Program& program, const mapping::Region& region) {
  return {{"address", region.address},
          {"bytes", region.slot_bytes * program.batch},
          {"banks", {region.bank_first, region.bank_last}}};
}

Json layer_json(const Program& program, const LayerProgram& layer) {
  Json json = {{"name", layer.name},
               {"chunks", layer.chunks.size()},
               {"column_tiles", layer.column_tiles.size()},
               {"strips", layer.strips.size()},
               {"tiles", tiles_of(layer)},
               {"k", layer.k},
               {"walks", layer.walks},
               {"staged", layer.staged},
               {"weight_words", chunk_words(layer)},
               {"closed_form_cycles", layer.closed_form_cycles},
               {"utilization", utilization(program, layer.counts.macs, layer.closed_form_cycles)}};
  json.update(counts_json(layer.counts));
  return json;
}

}  // namespace

std::string program_text(const experiment::Model& model, const Program& program) {
  const mapping::AcceleratorConfig& accelerator = program.accelerator;
  std::string out = fmt::format(
      "{} on {}, {} image{} at a time\n{}\n"
      "{}x{} array, {}; {} words of weights {} ({} in the scratchpad)\n"
      "{} of {} bytes of activations in use\n\n",
      model.name, accelerator.name, program.batch, program.batch == 1 ? "" : "s",
      accelerator.file.string(), accelerator.array.rows, accelerator.array.columns,
      to_string(accelerator.array.dataflow), program.resident_words,
      to_string(accelerator.weights.residency), accelerator.weights.words(),
      activation_bytes(program), accelerator.activations.bytes());

  Table table({"layer", "chunks", "columns", "strips", "tiles", "cycles", "multiply-adds",
               "utilization", "words read"});
  for (const LayerProgram& layer : program.layers) {
    const bool matrix = layer.step.matrix.has_value();
    table.add({layer.name + (layer.staged ? " (staged)" : ""),
               layer.chunks.empty() ? "" : fmt::format("{}", layer.chunks.size()),
               matrix ? fmt::format("{}", layer.column_tiles.size()) : "",
               matrix ? fmt::format("{}", layer.strips.size()) : "",
               matrix ? fmt::format("{}", tiles_of(layer)) : "",
               fmt::format("{}", layer.closed_form_cycles),
               matrix ? fmt::format("{}", layer.counts.macs) : "",
               matrix ? fmt::format("{:.1f} %", 100.0 * utilization(program, layer.counts.macs,
                                                                    layer.closed_form_cycles))
                      : "",
               fmt::format("{}", layer.counts.weight_reads)});
  }
  const EventCounts& counts = program.counts;
  out += table.text() +
         fmt::format(
             "\n{} cycles a batch in closed form (no layer waits for memory, DMA or vector unit), "
             "{:.1f} an image,\n{:.3f} ms a batch at {} MHz; utilization {:.1f} %\n"
             "weight words read {}, written {}; activation bytes read {}, written {};\n"
             "accumulator words read {}, written {}; DRAM bytes read {}, written {}\n",
             program.closed_form_cycles,
             static_cast<double>(program.closed_form_cycles) / program.batch,
             static_cast<double>(program.closed_form_cycles) / (accelerator.clock_mhz * 1e3),
             accelerator.clock_mhz,
             100.0 * utilization(program, counts.macs, program.closed_form_cycles),
             counts.weight_reads, counts.weight_writes, counts.activation_reads,
             counts.activation_writes, counts.accumulator_reads, counts.accumulator_writes,
             counts.dram_read_bytes, counts.dram_write_bytes);
  return out;
}

std::string program_json(const experiment::Model& model, const Program& program) {
  const mapping::AcceleratorConfig& accelerator = program.accelerator;
  Json json;
  json["model"] = model.name;
  json["model_file"] = model.file.string();
  json["model_sha256"] = model.sha256;
  json["accelerator"] = accelerator.name;
  json["accelerator_file"] = accelerator.file.string();
  json["configuration"] = Json::parse(mapping::resolved_json(accelerator));
  json["batch"] = program.batch;
  json["bit_offset"] = program.bit_offset;
  json["layers"] = Json::array();
  for (const LayerProgram& layer : program.layers) {
    json["layers"].push_back(layer_json(program, layer));
  }
  json["closed_form_cycles"] = program.closed_form_cycles;
  json["utilization"] = utilization(program, program.counts.macs, program.closed_form_cycles);
  json["counts"] = counts_json(program.counts);
  json["weight_words"] = program.resident_words;
  json["scratchpad_words"] = accelerator.weights.words();
  json["scratchpad_words_used"] = program.placement.words;
  json["activation_bytes"] = accelerator.activations.bytes();
  json["activation_bytes_used"] = activation_bytes(program);
  json["input_pixels"] = {region_json(program, program.input_pixels[0]),
                          region_json(program, program.input_pixels[1])};
  json["values"] = Json::array();
  for (const LayerProgram& layer : program.layers) {
    Json value = {{"layer", layer.name}};
    value.update(region_json(program, program.regions[layer.step.output]));
    json["values"].push_back(std::move(value));
  }
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace brownout::report
