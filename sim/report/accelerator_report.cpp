// SPDX-License-Identifier: Apache-2.0
// Keys of the file as they were resolved, then what follows from them.
#include "sim/report/accelerator_report.hpp"

#include <fmt/format.h>

#include <map>

#include "sim/base/text.hpp"
#include "sim/report/optional_json.hpp"
#include "sim/report/table.hpp"

namespace brownout::report {

namespace {

const char* unit_of(const std::string& key) {
  static const std::map<std::string, const char*> kUnits{
      {"clock_mhz", "MHz"},
      {"array.transpose_depth", "codes"},
      {"weights.array_rows", "words of 64 bit"},
      {"weights.words_per_cycle", "words"},
      {"activations.kib", "KiB"},
      {"accumulators.depth", "rows in each half"},
      {"vector.latency_cycles", "cycles"},
      {"dma.setup_cycles", "cycles"},
      {"dma.bytes_per_cycle", "bytes"},
      {"dma.burst_bytes", "bytes"},
      {"dram.latency_cycles", "cycles"},
      {"dram.bytes_per_cycle", "bytes"},
      {"dram.pj_per_bit", "pJ"},
  };
  const auto found = kUnits.find(key);
  return found == kUnits.end() ? "" : found->second;
}

std::string value_text(const Json& value) {
  return value.is_string() ? printable(value.get<std::string>()) : value.dump();
}

/// Keys with dots, sorted, except the texts at the head of the file.
void add_keys(const Json& json, const std::string& prefix, Table& table) {
  for (const auto& [key, value] : json.items()) {
    const std::string name = prefix + key;
    if (value.is_object()) {
      add_keys(value, name + ".", table);
    } else if (name != "name" && name != "description" && name != "technology") {
      table.add({name, value_text(value), unit_of(name)});
    }
  }
}

std::string dram_text(const results::AcceleratorSummary& accelerator) {
  const std::string rate = fmt::format("{:.4g} GB/s", accelerator.dram_gb_per_s);
  return accelerator.dram_preset.empty() ? rate : accelerator.dram_preset + ", " + rate;
}

/// The DRAM's price, and what the DMA lets through.
void add_dram(const results::AcceleratorSummary& accelerator, Table& table) {
  table.add({"DRAM", fmt::format("{:.4g}", accelerator.dram_gb_per_s), "GB/s"});
  if (accelerator.dma_gb_per_s < accelerator.dram_gb_per_s) {
    table.add({"  of which the DMA takes", fmt::format("{:.4g}", accelerator.dma_gb_per_s),
               "GB/s (dma.bytes_per_cycle)"});
  }
  table.add({"DRAM latency", fmt::format("{:.4g}", accelerator.dram_latency_ns), "ns"});
  if (!accelerator.dram_pj_per_bit) return;
  const std::string price = fmt::format("{:.4g}", *accelerator.dram_pj_per_bit);
  std::string unit = "pJ a bit, of the technology";
  if (accelerator.technology_dram_pj_per_bit) {
    const std::string other = fmt::format("{:.4g}", *accelerator.technology_dram_pj_per_bit);
    unit = other == price ? "pJ a bit" : "pJ a bit, in place of the technology's " + other;
  }
  table.add({"DRAM energy", price, unit});
}

Json leakage_json(const std::optional<results::LeakageSummary>& leakage) {
  if (!leakage) return nullptr;
  return {{"weights", leakage->weights},
          {"activations", leakage->activations},
          {"accumulators", leakage->accumulators},
          {"logic", leakage->logic}};
}

Json summary_json(const results::AcceleratorSummary& accelerator) {
  Json json;
  json["name"] = accelerator.name;
  json["description"] = accelerator.description;
  json["file"] = accelerator.file.string();
  json["rows"] = accelerator.rows;
  json["columns"] = accelerator.columns;
  json["dataflow"] = accelerator.dataflow;
  json["residency"] = accelerator.residency;
  json["clock_mhz"] = accelerator.clock_mhz;
  json["peak_gmac_per_s"] = accelerator.peak_gmac_per_s;
  json["weight_kib"] = accelerator.weight_kib;
  json["activation_kib"] = accelerator.activation_kib;
  json["accumulator_kib"] = accelerator.accumulator_kib;
  json["weight_read_gb_per_s"] = accelerator.weight_read_gb_per_s;
  json["dram_preset"] =
      accelerator.dram_preset.empty() ? Json(nullptr) : Json(accelerator.dram_preset);
  json["dram_gb_per_s"] = accelerator.dram_gb_per_s;
  json["dma_gb_per_s"] = accelerator.dma_gb_per_s;
  json["dram_latency_ns"] = accelerator.dram_latency_ns;
  json["dram_pj_per_bit"] = maybe(accelerator.dram_pj_per_bit);
  json["technology"] = accelerator.technology;
  json["technology_file"] = accelerator.technology_file.string();
  json["leakage_mw"] = leakage_json(accelerator.leakage_mw);
  return json;
}

}  // namespace

std::string accelerators_text(const std::vector<results::AcceleratorSummary>& accelerators) {
  Table table({"name", "array", "dataflow", "weights KiB", "DRAM", "description"}, {0, 1, 2, 4, 5});
  for (const results::AcceleratorSummary& one : accelerators) {
    table.add({one.name, fmt::format("{}x{}", one.rows, one.columns), one.dataflow,
               fmt::format("{:.6g} {}", one.weight_kib, one.residency), dram_text(one),
               printable(one.description)});
  }
  return table.text() +
         "\nName one: --accelerator NAME. Figures of one: brownout accelerator show NAME.\n";
}

std::string accelerators_json(const std::vector<results::AcceleratorSummary>& accelerators) {
  Json json;
  json["accelerators"] = Json::array();
  for (const results::AcceleratorSummary& one : accelerators) {
    json["accelerators"].push_back(summary_json(one));
  }
  return json_text(json, 2) + "\n";
}

std::string accelerator_text(const results::AcceleratorSummary& accelerator) {
  std::string text = accelerator.name;
  if (!accelerator.description.empty()) text += ": " + printable(accelerator.description);
  text += fmt::format("\n{}\n\n", accelerator.file.string());
  Table keys({"key", "value", "unit"}, {0, 2});
  add_keys(Json::parse(accelerator.configuration), "", keys);
  text += keys.text() + "\n";
  Table derived({"what follows", "value", "unit"}, {0, 2});
  const auto add = [&](const char* name, double value, const char* unit) {
    derived.add({name, fmt::format("{:.6g}", value), unit});
  };
  add("peak", accelerator.peak_gmac_per_s, "GMAC/s");
  add("weight memory", accelerator.weight_kib, "KiB");
  add("activation memory", accelerator.activation_kib, "KiB");
  add("accumulators", accelerator.accumulator_kib, "KiB");
  add("reads of the weight memory", accelerator.weight_read_gb_per_s, "GB/s");
  add_dram(accelerator, derived);
  if (const auto& leakage = accelerator.leakage_mw) {
    add("leakage at Vmin: weights", leakage->weights, "mW, all arrays on");
    add("leakage at Vmin: activations", leakage->activations, "mW");
    add("leakage at Vmin: accumulators", leakage->accumulators, "mW");
    add("leakage at Vmin: logic", leakage->logic, "mW");
  }
  return text + derived.text() +
         fmt::format("\nTechnology {} ({}).\n", accelerator.technology,
                     accelerator.technology_file.string());
}

std::string accelerator_json(const results::AcceleratorSummary& accelerator) {
  Json json = summary_json(accelerator);
  json["configuration"] = Json::parse(accelerator.configuration);
  return json_text(json, 2) + "\n";
}

std::string scale_sim_text(const estimate::ScaleSimAccelerator& imported) {
  Table table({"SCALE-Sim", "value", "becomes", "remark"}, {0, 1, 2, 3});
  for (const estimate::ScaleSimFigure& figure : imported.figures) {
    table.add({figure.key, printable(figure.value),
               figure.becomes.empty() ? "-" : printable(figure.becomes), figure.remark});
  }
  std::string text = table.text() + "\n";
  for (const std::string& sentence : imported.assumed) text += sentence + "\n";
  return text + "\n";
}

std::string scale_sim_json(const estimate::ScaleSimAccelerator& imported,
                           const results::AcceleratorSummary& accelerator) {
  Json json;
  json["figures"] = Json::array();
  for (const estimate::ScaleSimFigure& figure : imported.figures) {
    json["figures"].push_back(
        {{"place", figure.place},
         {"key", figure.key},
         {"value", figure.value},
         {"becomes", figure.becomes.empty() ? Json(nullptr) : Json(figure.becomes)},
         {"remark", figure.remark.empty() ? Json(nullptr) : Json(figure.remark)}});
  }
  json["assumed"] = imported.assumed;
  json["accelerator"] = Json::parse(accelerator_json(accelerator));
  return json_text(json, 2) + "\n";
}

}  // namespace brownout::report
