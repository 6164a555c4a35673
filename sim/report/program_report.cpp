// SPDX-License-Identifier: Apache-2.0
// A program as a table for people and as JSON.
#include "sim/report/program_report.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "sim/base/json.hpp"
#include "sim/report/table.hpp"

namespace brownout::report {

namespace {

using results::LayerSummary;
using results::ProgramSummary;

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

Json region_json(const results::RegionSummary& region) {
  return {{"address", region.address},
          {"bytes", region.bytes},
          {"banks", {region.bank_first, region.bank_last}}};
}

Json program_layer_json(const LayerSummary& layer) {
  Json json = {{"name", layer.name},
               {"chunks", layer.chunks},
               {"column_tiles", layer.column_tiles},
               {"strips", layer.strips},
               {"tiles", layer.tiles},
               {"k", layer.k},
               {"walks", layer.walks},
               {"staged", layer.staged},
               {"weight_words", layer.weight_words},
               {"closed_form_cycles", layer.closed_form_cycles},
               {"utilization", layer.utilization}};
  json.update(counts_json(layer.counts));
  return json;
}

Table layers_table(const ProgramSummary& program) {
  Table table({"layer", "chunks", "columns", "strips", "tiles", "cycles", "multiply-adds",
               "utilization", "words read"});
  for (const LayerSummary& layer : program.layers) {
    const auto of_matrix = [&](auto number) {
      return layer.matrix ? fmt::format("{}", number) : std::string();
    };
    table.add({layer.name + (layer.staged ? " (staged)" : ""),
               layer.chunks == 0 ? "" : fmt::format("{}", layer.chunks),
               of_matrix(layer.column_tiles), of_matrix(layer.strips), of_matrix(layer.tiles),
               fmt::format("{}", layer.closed_form_cycles), of_matrix(layer.counts.macs),
               of_matrix(fmt::format("{:.1f} %", 100.0 * layer.utilization)),
               fmt::format("{}", layer.counts.weight_reads)});
  }
  return table;
}

}  // namespace

std::string program_text(const experiment::Model& model, const ProgramSummary& program) {
  const EventCounts& counts = program.counts;
  return fmt::format(
             "{} on {}, {} image{} at a time\n{}\n"
             "{}x{} array, {}; {} words of weights {} ({} in the scratchpad)\n"
             "{} of {} bytes of activations in use\n\n",
             model.name, program.accelerator, program.batch, program.batch == 1 ? "" : "s",
             program.accelerator_file.string(), program.rows, program.columns, program.dataflow,
             program.weight_words, program.residency, program.scratchpad_words,
             program.activation_bytes_used, program.activation_bytes) +
         layers_table(program).text() +
         fmt::format(
             "\n{} cycles a batch in closed form (no layer waits for memory, DMA or vector unit), "
             "{:.1f} an image,\n{:.3f} ms a batch at {} MHz; utilization {:.1f} %\n"
             "weight words read {}, written {}; activation bytes read {}, written {};\n"
             "accumulator words read {}, written {}; DRAM bytes read {}, written {}\n",
             program.closed_form_cycles, program.cycles_per_image(), program.batch_ms(),
             program.clock_mhz, 100.0 * program.utilization, counts.weight_reads,
             counts.weight_writes, counts.activation_reads, counts.activation_writes,
             counts.accumulator_reads, counts.accumulator_writes, counts.dram_read_bytes,
             counts.dram_write_bytes);
}

std::string program_json(const experiment::Model& model, const ProgramSummary& program) {
  Json json;
  json["model"] = model.name;
  json["model_file"] = model.file.string();
  json["model_sha256"] = model.sha256;
  json["accelerator"] = program.accelerator;
  json["accelerator_file"] = program.accelerator_file.string();
  json["configuration"] = Json::parse(program.configuration);
  json["batch"] = program.batch;
  json["bit_offset"] = program.bit_offset;
  json["layers"] = Json::array();
  for (const LayerSummary& layer : program.layers) {
    json["layers"].push_back(program_layer_json(layer));
  }
  json["closed_form_cycles"] = program.closed_form_cycles;
  json["utilization"] = program.utilization;
  json["counts"] = counts_json(program.counts);
  json["weight_words"] = program.weight_words;
  json["scratchpad_words"] = program.scratchpad_words;
  json["scratchpad_words_used"] = program.scratchpad_words_used;
  json["activation_bytes"] = program.activation_bytes;
  json["activation_bytes_used"] = program.activation_bytes_used;
  json["input_pixels"] = {region_json(program.input_pixels[0]),
                          region_json(program.input_pixels[1])};
  json["values"] = Json::array();
  for (const LayerSummary& layer : program.layers) {
    Json value = {{"layer", layer.name}};
    value.update(region_json(layer.output));
    json["values"].push_back(std::move(value));
  }
  return json_text(json, 2) + "\n";
}

}  // namespace brownout::report
