// SPDX-License-Identifier: Apache-2.0
// Energies are µJ per image. Cycles and counts are those of all images; `per_image` divides them.
#include "sim/report/run_report.hpp"

#include <fmt/format.h>

#include "sim/base/json.hpp"
#include "sim/base/text.hpp"
#include "sim/mitigation/outcome.hpp"
#include "sim/mitigation/protection.hpp"
#include "sim/report/error_text.hpp"
#include "sim/report/labels_note.hpp"
#include "sim/report/memories.hpp"
#include "sim/report/not_modelled.hpp"
#include "sim/report/results_text.hpp"
#include "sim/report/run_prices.hpp"
#include "sim/report/table.hpp"
#include "sim/results/event_counts_json.hpp"
#include "sim/runs/dram_bandwidth.hpp"

namespace brownout::report {

namespace {

Json stalls_json(const accelerator::LayerTally& tally) {
  Json json;
  std::int64_t total = 0;
  for (const accelerator::Stall cause : enumerators<accelerator::kLastStall>()) {
    json[accelerator::stall_name(cause)] = tally.stall(cause);
    total += tally.stall(cause);
  }
  json["total"] = total;
  return json;
}

/// Sums over images (numbers, and objects of numbers) divided by the number of images.
Json per_image_json(const Json& sums, const std::vector<const char*>& names, double images) {
  Json json = Json::object();
  for (const char* name : names) {
    const Json& sum = sums.at(name);
    if (!sum.is_object()) {
      json[name] = sum.get<double>() / images;
      continue;
    }
    json[name] = Json::object();
    for (const auto& [key, part] : sum.items()) json[name][key] = part.get<double>() / images;
  }
  return json;
}

Json layer_json(const runs::RunPart& layer, const accelerator::LayerTally& tally, double images) {
  const EventCounts& counts = tally.counts;
  Json json = {{"name", layer.name},
               {"cycles", tally.cycles},
               {"closed_form_cycles", tally.closed_form_cycles},
               {"difference_cycles", tally.cycles - tally.closed_form_cycles},
               {"macs", counts.macs},
               {"utilization", layer.utilization},
               {"stream_cycles", tally.stream_cycles},
               {"stall_cycles", stalls_json(tally)},
               {"weight_reads", counts.weight_reads},
               {"activation_reads", counts.activation_reads},
               {"activation_writes", counts.activation_writes},
               {"accumulator_reads", counts.accumulator_reads},
               {"accumulator_writes", counts.accumulator_writes},
               {"vector_ops", counts.vector_ops},
               {"energy_uj", nullptr},  // put_prices
               {"energy_parts_uj", nullptr},
               {"event_counts", results::event_counts_json(counts)}};
  json["per_image"] = per_image_json(json,
                                     {"cycles", "closed_form_cycles", "difference_cycles", "macs",
                                      "stream_cycles", "stall_cycles", "event_counts"},
                                     images);
  return json;
}

/// What pricing needs beside the counts.
Json pricing_json(const runs::AcceleratorRun& run) {
  const experiment::Pricing& pricing = run.pricing;
  const technology::Structure& structure = pricing.structure;
  return {{"clock_mhz", pricing.clock_mhz},
          {"weight_kib", structure.weight_kib},
          {"weight_gated_kib", structure.weight_gated_kib},
          {"activation_kib", structure.activation_kib},
          {"accumulator_kib", structure.accumulator_kib},
          {"pes", structure.pes},
          {"dram_pj_per_byte",
           structure.dram_pj_per_byte ? Json(*structure.dram_pj_per_byte) : Json(nullptr)},
          {"protection", mitigation::protection_json(structure.protection)},
          {"unprotected_cycles",
           run.unprotected_cycles ? Json(*run.unprotected_cycles) : Json(nullptr)},
          {"weights_scaled", pricing.supplies.weights_scaled},
          {"activations_scaled", pricing.supplies.activations.scaled},
          {"activations_vmin", pricing.supplies.activations.vmin},
          {"accumulators_scaled", pricing.supplies.accumulators.scaled},
          {"accumulators_vmin", pricing.supplies.accumulators.vmin}};
}

std::string per_image(std::int64_t total, std::int64_t images) {
  return fmt::format("{:.0f}", static_cast<double>(total) / static_cast<double>(images));
}

/// Network, images, chip and operating point; null for what put_prices fills in.
void put_run_setup(Json& json, const runs::AcceleratorRun& run) {
  const runs::RunConfig& config = run.config;
  const experiment::Setup& setup = config.setup;
  json["model"] = run.model;
  json["model_file"] = config.model.string();
  json["model_sha256"] = run.model_sha256;
  json["engine"] = setup.engine;
  json["accelerator"] = run.config.setup.target.accelerator->name;
  json["accelerator_file"] = setup.target.accelerator->file.string();
  for (const char* name : {"technology", "technology_file", "rail"}) json[name] = nullptr;
  json["dataset"] = setup.images.dataset;
  put_labels(json, run.labelled);
  json["images"] = run.images;
  json["batch"] = setup.target.batch;
  json["voltage"] = nullptr;
  json["rate"] = run.rate;
  json["chip"] = config.voltage ? Json(config.chip) : Json(nullptr);
  json["chip_note"] = run.chip_note.empty() ? Json(nullptr) : Json(run.chip_note);
  json["bit_offset"] = setup.target.bit_offset;
  json["evaluation_seed"] = setup.reads.evaluation_seed;
  json["reads"] = setup.reads.fresh ? "fresh" : "frozen";
  json["mitigation"] = mitigation::to_string(setup.target.accelerator->weights.mitigations);
  json["weight_area_rel"] = nullptr;
  json["energy_sram_rel"] = nullptr;
}

/// What the faults did to the numbers.
void put_run_numbers(Json& json, const runs::AcceleratorRun& run) {
  json["accuracy"] = run.accuracy;
  json["err"] = run.err;
  json["err_ci95"] = run.err_ci95;
  json["logits_sha256"] = run.evaluation.logits_sha256;
  json["predictions"] = run.evaluation.predictions;
  json["cells_hit"] = run.weights.read.cells_hit;
  json["bits_wrong"] = run.weights.read.bits_wrong;
  json["codes_changed"] = run.weights.read.codes_changed;
  for (const mitigation::NamedCount& one :
       mitigation::named_counts(run.config.setup.target.accelerator->weights.mitigations,
                                {run.weights.protection, run.weights.repair})) {
    json[one.key] = one.count;
  }
  json["memories"] = memories_json<Json>(run.memories, run.images, /*means=*/false);
  json["memory_cells"] = memory_cells_json<Json>(run.other_memories);
}

/// Cycles and counts of all images, and their sums divided by the images.
void put_run_cycles(Json& json, const runs::AcceleratorRun& run) {
  const auto images = static_cast<double>(run.images);
  const accelerator::LayerTally& total = run.total;
  const EventCounts& counts = total.counts;
  json["cycles_total"] = total.cycles;
  json["cycles_per_image"] = static_cast<double>(total.cycles) / images;
  json["closed_form_cycles"] = total.closed_form_cycles;
  json["difference_cycles"] = total.cycles - total.closed_form_cycles;
  json["input_wait_cycles"] = run.simulated.input_wait_cycles;
  json["macs"] = counts.macs;
  json["utilization"] = run.all.utilization;
  json["stall_cycles"] = stalls_json(total);
  json["dram_bytes"] = counts.dram_read_bytes + counts.dram_write_bytes;
  json["weight_words"] = run.weight_words;
  json["weight_reads_per_word"] = run.weight_reads_per_word;
  for (const char* name : {"energy_uj", "energy_low_uj", "energy_high_uj", "energy_rel",
                           "energy_rel_range", "weight_access_share"}) {
    json[name] = nullptr;
  }
  json["event_counts"] = results::event_counts_json(counts);
  json["per_image"] =
      per_image_json(json,
                     {"cycles_total", "closed_form_cycles", "difference_cycles",
                      "input_wait_cycles", "macs", "stall_cycles", "dram_bytes", "event_counts"},
                     images);
  json["pricing"] = pricing_json(run);
  json["layers"] = Json::array();
  for (std::size_t i = 0; i < run.layers.size(); ++i) {
    json["layers"].push_back(layer_json(run.layers[i], run.simulated.layers[i], images));
    if (!run.rtl_cycles.empty()) json["layers"].back()["rtl_cycles"] = run.rtl_cycles[i];
  }
}

/// Network, accelerator, chip and operating point.
std::string run_head_text(const runs::AcceleratorRun& run) {
  const runs::RunConfig& config = run.config;
  const experiment::Setup& setup = config.setup;
  const std::int64_t images = run.images;
  std::string text = fmt::format("{} on {}, {}, batch {}, engine {}", run.model,
                                 run.config.setup.target.accelerator->name,
                                 counted(images, "image"), setup.target.batch, setup.engine);
  if (config.voltage) {
    text += fmt::format("\n{} at {:.4f} Vmin: ", config.chip, *config.voltage);
    text +=
        setup.target.accelerator->weights.scaled_supply
            ? fmt::format("bit error rate {:.3g} %, {} cells hit, {} bits wrong", 100.0 * run.rate,
                          run.weights.read.cells_hit, run.weights.read.bits_wrong)
            : kWeightsAtVmin;
    text += memories_text(run.memories, run.images);
  }
  if (!run.chip_note.empty()) text += "\n" + run.chip_note;
  return text;
}

/// A row a layer, then all of them.
std::string layers_text(const runs::AcceleratorRun& run) {
  const std::int64_t images = run.images;
  std::vector<std::string> header{"layer", "cycles", "closed form", "diff", "kMACs", "util %"};
  for (const accelerator::Stall cause : enumerators<accelerator::kLastStall>()) {
    header.emplace_back(accelerator::stall_name(cause));
  }
  header.emplace_back("nJ");
  Table table(header);
  const auto row = [&](const runs::RunPart& part, const accelerator::LayerTally& tally,
                       const EnergyRange& energy) {
    std::vector<std::string> cells{part.name,
                                   per_image(tally.cycles, images),
                                   per_image(tally.closed_form_cycles, images),
                                   per_image(tally.cycles - tally.closed_form_cycles, images),
                                   per_image(tally.counts.macs / 1000, images),
                                   fmt::format("{:.1f}", 100.0 * part.utilization)};
    for (const std::int64_t stall : tally.stalls) cells.push_back(per_image(stall, images));
    cells.push_back(fmt::format("{:.0f}", 1000.0 * energy.value.total()));
    table.add(cells);
  };
  for (std::size_t i = 0; i < run.layers.size(); ++i) {
    row(run.layers[i], run.simulated.layers[i], run.prices.layers[i]);
  }
  row(run.all, run.total, run.prices.all);
  return table.text();
}

}  // namespace

std::string run_json(const runs::AcceleratorRun& run) {
  Json json;
  put_run_setup(json, run);
  put_run_numbers(json, run);
  put_run_cycles(json, run);
  put_prices(json, run.prices);
  json["not_modelled"] = kNotModelled;
  json["wall_s"] = run.wall_seconds;
  json["simulated_cycles_per_s"] = static_cast<double>(run.total.cycles) / run.simulated.seconds;
  json["images_per_s"] = static_cast<double>(run.images) / run.wall_seconds;
  return json_text(json, 2) + "\n";
}

std::string run_text(const runs::AcceleratorRun& run) {
  const std::int64_t images = run.images;
  std::string text = run_head_text(run);
  text +=
      "\n\nPer image, as everything below (the JSON holds cycles and counts of all images, and "
      "those\n"
      "of one in per_image; its energies are per image); stalls in cycles by cause:\n";
  text += layers_text(run);

  text +=
      "\nPer image; bytes of activations and DRAM, words of weights (64 bit) and sums (32 bit):\n";
  Table counts({"count", "number"});
  for (const EventCountField& field : kEventCountFields) {
    counts.add({field.name, per_image(run.total.counts.*field.count, images)});
  }
  text += counts.text();

  text += fmt::format("A weight word is read {:.1f} times.\n", run.weight_reads_per_word);
  text += prices_text(run.prices);
  text += fmt::format(
      "\nError {:.2f} % (over images{} 95 % {}), {:.0f} cycles and {:.1f} us an image at {:g} "
      "MHz.\n",
      run.err, run.config.voltage ? ", on this chip," : "", interval_text(run.err_ci95),
      static_cast<double>(run.total.cycles) / static_cast<double>(images),
      static_cast<double>(run.total.cycles) / static_cast<double>(images) /
          run.config.setup.target.accelerator->clock_mhz,
      run.config.setup.target.accelerator->clock_mhz);
  text += labels_text(run.labelled);
  text += "Not modelled:";
  const char* separator = " ";
  for (const char* effect : kNotModelled) {
    text += separator + std::string(effect);
    separator = "; ";
  }
  return text + ".\n";
}

namespace {

/// What a stretch shows when it is clicked: -1 for a strip where there is none.
Json span_arguments(const accelerator::Span& span) {
  using accelerator::Module;
  Json arguments{{"strip", span.strip ? Json(*span.strip) : Json(-1)}};
  if (span.strip) {
    arguments["tile"] = span.column_tile;
    arguments["k_tiles"] = span.k_tiles;
  }
  const bool dma = span.module == Module::kWeightDma || span.module == Module::kActivationDma;
  if (dma || span.module == Module::kWeightLoader) arguments["bytes"] = span.work.bytes;
  if (dma) arguments["direction"] = span.work.to_dram ? "to DRAM" : "from DRAM";
  accelerator::Stall most = accelerator::kLastStall;
  Json stalls = Json::object();
  for (const accelerator::Stall cause : enumerators<accelerator::kLastStall>()) {
    if (span.work.stalls[cause] == 0) continue;
    if (stalls.empty() || span.work.stalls[cause] > span.work.stalls[most]) most = cause;
    stalls[accelerator::stall_name(cause)] = span.work.stalls[cause];
  }
  if (!stalls.empty()) {
    arguments["stall_cause"] = accelerator::stall_name(most);
    arguments["stall_cycles"] = stalls;
  }
  return arguments;
}

}  // namespace

std::string run_timeline(const runs::AcceleratorRun& run) {
  const Json about{{"model", run.model},
                   {"accelerator", run.config.setup.target.accelerator->name},
                   {"images", run.images},
                   {"unit", "a microsecond is a cycle"},
                   {"clock_mhz", run.config.setup.target.accelerator->clock_mhz},
                   {"cycles_total", run.total.cycles},
                   {"stretches", run.simulated.spans.size()},
                   {"cut", run.simulated.spans_cut}};
  std::string text =
      fmt::format("{{\"displayTimeUnit\": \"ns\", \"otherData\": {}, \"traceEvents\": [\n",
                  about.dump(-1, ' ', false, Json::error_handler_t::replace));
  for (const accelerator::Module module : enumerators<accelerator::kLastModule>()) {
    text += fmt::format(
        "{{\"ph\": \"M\", \"pid\": 1, \"tid\": {}, \"name\": \"thread_name\", \"args\": "
        "{{\"name\": "
        "\"{}\"}}}},\n",
        static_cast<int>(module), accelerator::module_name(module));
  }
  text += fmt::format(
      "{{\"ph\": \"M\", \"pid\": 1, \"name\": \"process_name\", \"args\": {{\"name\": {}}}}}",
      json_text(Json(run.config.setup.target.accelerator->name)));
  for (const accelerator::Span& span : run.simulated.spans) {
    const std::string& layer = run.layers[span.layer.number()].name;
    text += fmt::format(
        ",\n{{\"ph\": \"X\", \"pid\": 1, \"tid\": {}, \"ts\": {}, \"dur\": {}, \"name\": {}, "
        "\"args\": {}}}",
        static_cast<int>(span.module), span.begin, span.end - span.begin,
        Json(layer).dump(-1, ' ', false, Json::error_handler_t::replace),
        span_arguments(span).dump());
  }
  for (const runs::BandwidthStep& step : runs::dram_bandwidth(run.simulated.spans)) {
    text += fmt::format(
        ",\n{{\"ph\": \"C\", \"pid\": 1, \"ts\": {}, \"name\": \"DRAM bytes per cycle\", \"args\": "
        "{{\"read\": {}, \"write\": {}}}}}",
        step.cycle, step.read, step.write);
  }
  return text + "\n]}\n";
}

}  // namespace brownout::report
