// SPDX-License-Identifier: Apache-2.0
// "expected" is the behavioural side, "found" the RTL.
#include "sim/report/cosim_report.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "sim/base/shell.hpp"
#include "sim/report/labels_note.hpp"
#include "sim/report/memories.hpp"
#include "sim/report/table.hpp"

namespace brownout::report {

using Json = nlohmann::ordered_json;

namespace {

struct CounterField {
  const char* name;
  std::int64_t cosim::Counters::*count;
};
constexpr CounterField kCounterFields[] = {
    {"busy_cycles", &cosim::Counters::busy},
    {"stalled_weights_cycles", &cosim::Counters::stalled_weights},
    {"stalled_accumulators_cycles", &cosim::Counters::stalled_accumulators},
    {"stalled_activations_cycles", &cosim::Counters::stalled_activations},
    {"weight_reads", &cosim::Counters::weight_reads},
    {"weight_writes", &cosim::Counters::weight_writes},
    {"accumulator_reads", &cosim::Counters::accumulator_reads},
    {"accumulator_writes", &cosim::Counters::accumulator_writes},
    {"words_corrected", &cosim::Counters::words_corrected},
    {"words_detected", &cosim::Counters::words_detected},
};

Json known(std::int64_t number) { return number < 0 ? Json(nullptr) : Json(number); }
std::string hex(std::uint64_t word) { return fmt::format("0x{:016x}", word); }

Json mismatch_json(const runs::CosimRun& run) {
  if (!run.first_mismatch) return nullptr;
  const cosim::Mismatch& found = *run.first_mismatch;
  Json json = {{"kind", cosim::kind_name(found.kind)},
               {"what", found.what.empty() ? Json(nullptr) : Json(found.what)},
               {"layer", found.layer},
               {"strip", found.strip},
               {"tile", found.tile},
               {"row", known(found.row)},
               {"column", known(found.column)},
               {"image", known(found.image)},
               {"y", known(found.y)},
               {"x", known(found.x)},
               {"expected", found.expected},
               {"found", found.found},
               {"cycle", found.cycle}};
  for (const char* field : {"address_expected", "address_found", "array", "array_row",
                            "word_expected", "word_found", "bit"}) {
    json[field] = nullptr;
  }
  if (!found.word) return json;
  const runs::WordPlace place = run.mismatch_place();
  json["address_expected"] = found.word->address_expected;
  json["address_found"] = found.word->address_found;
  json["array"] = place.array;
  json["array_row"] = place.row;
  json["word_expected"] = hex(found.word->expected);
  json["word_found"] = hex(found.word->found);
  json["bit"] = known(found.word->bit);
  return json;
}

/// The fields that a layer and the whole run have in common.
void add_part(Json& json, const runs::CosimPart& part) {
  json["tiles"] = part.record.tiles;
  json["outputs_compared"] = part.check.outputs_compared;
  json["words_compared"] = part.check.words_compared;
  json["mismatches"] = part.check.mismatches;
}
void add_cycles(Json& json, const runs::CosimPart& part) {
  json["rtl_cycles"] = part.record.rtl_cycles;
  json["systemc_cycles"] = part.record.systemc_cycles;
  json["cycle_error_pct"] = part.cycle_error_pct();
}

Json checked_layer_json(const runs::CosimPart& part) {
  Json layer = {{"name", part.name}};
  layer["first_cycle"] = part.check.first_cycle;
  add_part(layer, part);
  add_cycles(layer, part);
  for (const CounterField& field : kCounterFields) {
    layer["counters"][field.name] = part.check.counters.*field.count;
  }
  return layer;
}

Json path_json(const std::filesystem::path& path) {
  return path.empty() ? Json(nullptr) : Json(path.string());
}

std::string mismatch_text(const runs::CosimRun& run) {
  const cosim::Mismatch& found = *run.first_mismatch;
  std::string text =
      fmt::format("\nFirst mismatch: {}{}{} of layer {}, strip {}, tile {}, cycle {}\n",
                  cosim::kind_name(found.kind), found.what.empty() ? "" : ", ", found.what,
                  found.layer, found.strip, found.tile, found.cycle);
  if (found.row >= 0) {
    text += fmt::format(
        "  output row {} (image {}, y {}, x {}), {}\n", found.row, found.image, found.y, found.x,
        found.column < 0 ? "sum of the activations" : fmt::format("column {}", found.column));
  }
  if (found.what == "word" || found.what == "suspect bits") {
    text += fmt::format("  expected {}, the RTL has {}\n",
                        hex(static_cast<std::uint64_t>(found.expected)),
                        hex(static_cast<std::uint64_t>(found.found)));
  } else if (found.kind != cosim::Mismatch::Kind::kWord) {
    text += fmt::format("  expected {}, the RTL has {}\n", found.expected, found.found);
  }
  if (found.word) {
    const cosim::WordMismatch& word = *found.word;
    const runs::WordPlace place = run.mismatch_place();
    text += fmt::format("  weights first differ at word {} (array {}, row {})",
                        word.address_expected, place.array, place.row);
    if (word.address_found != word.address_expected) {
      text += fmt::format(", where the RTL reads word {}", word.address_found);
    }
    text += fmt::format(": expected {}, the RTL has {}", hex(word.expected), hex(word.found));
    if (word.bit >= 0) text += fmt::format(", first in bit {}", word.bit);
    text += "\n";
  } else {
    text += "  no weight that it reads differs\n";
  }
  return text +
         (run.mismatch_waves.empty()
              ? fmt::format("  waves: {} cannot be written\n", run.config.mismatch_trace.string())
              : fmt::format("  waves: {}\n", run.mismatch_waves.string()));
}

/// Network, accelerator, chip and operating point.
std::string cosim_head_text(const runs::CosimRun& run) {
  const runs::CosimConfig& config = run.config;
  const experiment::Setup& setup = config.setup;
  std::string text =
      fmt::format("{} on {}, array {}x{}, {} image{}, batch {}: SystemC {} RTL", run.model,
                  setup.target.accelerator->name, setup.target.accelerator->array.rows,
                  setup.target.accelerator->array.columns, run.images, run.images == 1 ? "" : "s",
                  setup.target.batch, run.not_compared.empty() ? "beside" : "without");
  if (config.voltage) {
    text += fmt::format("\n{} at {:.4f} Vmin: bit error rate {:.3g} %, {} cells hit, {} bits wrong",
                        config.chip, *config.voltage, 100.0 * run.rate, run.weights.read.cells_hit,
                        run.weights.read.bits_wrong);
    text += memories_text(run.memories, run.images);
  }
  const mitigation::Mitigations& mitigations = setup.target.accelerator->weights.mitigations;
  if (mitigations.any()) {
    text += "\nmitigation " + mitigation::to_string(mitigations);
    if (mitigations.check != memory::CheckCode::kNone && run.not_compared.empty()) {
      text += fmt::format(": {} reads of words corrected, {} with suspect bits (RTL)",
                          run.total.check.counters.words_corrected,
                          run.total.check.counters.words_detected);
    }
  }
  if (!run.chip_note.empty()) text += "\n" + run.chip_note;
  return text;
}

/// A row a layer, then all of them.
std::string cosim_layers_text(const runs::CosimRun& run) {
  Table table({"layer", "begins", "tiles", "sums", "words", "mismatches", "RTL cycles",
               "SystemC cycles", "busy", "waits: weights", "accumulators", "activations"});
  const auto row = [&](const runs::CosimPart& part) {
    const cosim::Counters& counters = part.check.counters;
    std::vector<std::string> cells{
        part.name, part.check.first_cycle < 0 ? "" : std::to_string(part.check.first_cycle)};
    for (const std::int64_t number :
         {part.record.tiles, part.check.outputs_compared, part.check.words_compared,
          part.check.mismatches, part.record.rtl_cycles, part.record.systemc_cycles, counters.busy,
          counters.stalled_weights, counters.stalled_accumulators, counters.stalled_activations}) {
      cells.push_back(std::to_string(number));
    }
    table.add(cells);
  };
  for (const runs::CosimPart& part : run.layers) row(part);
  if (run.layers.size() > 1) row(run.total);
  return table.text();
}

/// Which files were written.
std::string files_text(const runs::CosimRun& run) {
  const runs::CosimConfig& config = run.config;
  std::string text;
  if (!config.trace.empty()) {
    text += fmt::format("Waves: {}, {} cycles of the core in {}:{}\n", config.trace.string(),
                        run.traced_cycles, config.trace_from, config.trace_to);
    if (run.next_core) {
      text += fmt::format("The core does not run in that window; it runs in {}:{}, {}\n",
                          run.next_core->begin, run.next_core->end, run.next_core->layer);
    }
  }
  if (!config.export_folder.empty()) {
    text += fmt::format("Memory files: {}; replay: sh {} rtl\n", config.export_folder.string(),
                        for_shell((config.export_folder / "run.sh").string()));
  }
  return text;
}

}  // namespace

std::string cosim_json(const runs::CosimRun& run) {
  const runs::CosimConfig& config = run.config;
  const experiment::Setup& setup = config.setup;
  const bool compared = run.not_compared.empty();
  Json json;
  json["model"] = run.model;
  json["model_file"] = config.model.string();
  json["model_sha256"] = run.model_sha256;
  json["accelerator"] = setup.target.accelerator->name;
  json["accelerator_file"] = path_json(config.accelerator_file);
  json["array"] = fmt::format("{}x{}", setup.target.accelerator->array.rows,
                              setup.target.accelerator->array.columns);
  json["dataset"] = setup.images.dataset;
  put_labels(json, run.labelled);
  json["images"] = run.images;
  json["batch"] = setup.target.batch;
  json["voltage"] = config.voltage.value_or(1.0);
  json["rate"] = run.rate;
  json["chip"] = config.voltage ? Json(config.chip) : Json(nullptr);
  json["chip_note"] = run.chip_note.empty() ? Json(nullptr) : Json(run.chip_note);
  json["bit_offset"] = setup.target.bit_offset;
  json["evaluation_seed"] = setup.reads.evaluation_seed;
  json["reads"] = setup.reads.fresh ? "fresh" : "frozen";
  json["mitigation"] = mitigation::to_string(setup.target.accelerator->weights.mitigations);
  json["cells_hit"] = run.weights.read.cells_hit;
  json["bits_wrong"] = run.weights.read.bits_wrong;
  json["memories"] = memories_json<Json>(run.memories, run.images, /*means=*/false);
  json["memory_cells"] = memory_cells_json<Json>(run.other_memories);
  json["logits_sha256"] = run.logits_sha256;
  json["run_cycles"] = run.run_cycles;
  json["layer"] = config.layer.empty() ? Json(nullptr) : Json(config.layer);
  json["compared"] = compared;
  json["not_compared"] = compared ? Json(nullptr) : Json(run.not_compared);
  add_part(json, run.total);
  json["first_mismatch"] = mismatch_json(run);
  add_cycles(json, run.total);
  if (!compared) json["cycle_error_pct"] = nullptr;
  json["layers"] = Json::array();
  for (const runs::CosimPart& part : run.layers) json["layers"].push_back(checked_layer_json(part));
  json["trace"] = path_json(config.trace);
  json["traced_cycles"] = run.traced_cycles;
  json["mismatch_waves"] = path_json(run.mismatch_waves);
  json["export"] = path_json(config.export_folder);
  json["rtl_cycles_per_s"] = compared ? Json(run.rtl_cycles_per_s()) : Json(nullptr);
  json["systemc_cycles_per_s"] = run.systemc_cycles_per_s();
  json["wall_s"] = run.wall_seconds;
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::string cosim_text(const runs::CosimRun& run) {
  if (!run.not_compared.empty()) {
    return fmt::format("{}\n\n{}NOT COMPARED: {}. The exported job is complete all the same.\n",
                       cosim_head_text(run), files_text(run), run.not_compared);
  }
  std::string text = cosim_head_text(run) + "\n\n" + cosim_layers_text(run);
  text += fmt::format("\nCycles per second: RTL {:.3g}, SystemC {:.3g}\n", run.rtl_cycles_per_s(),
                      run.systemc_cycles_per_s());
  text += files_text(run);
  const runs::CosimPart& total = run.total;
  if (run.first_mismatch) {
    text += mismatch_text(run);
    return text + fmt::format(
                      "DIFFERENT: {} mismatches in {} sums and {} words; cycles differ by "
                      "{:.3g} %.\n",
                      total.check.mismatches, total.check.outputs_compared,
                      total.check.words_compared, total.cycle_error_pct());
  }
  return text + fmt::format(
                    "EQUAL: 0 mismatches in {} sums and {} words of {} tiles; {} cycles on "
                    "both sides.\n",
                    total.check.outputs_compared, total.check.words_compared, total.record.tiles,
                    total.record.rtl_cycles);
}

}  // namespace brownout::report
