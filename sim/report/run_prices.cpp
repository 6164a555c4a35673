// SPDX-License-Identifier: Apache-2.0
// One list of the priced fields, so that a run that is priced again has all of them.
#include "sim/report/run_prices.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "sim/base/error.hpp"
#include "sim/report/supply_note.hpp"
#include "sim/report/table.hpp"
#include "sim/results/event_counts_json.hpp"

namespace brownout::report {

using Json = nlohmann::ordered_json;

namespace {

Json end_json(const EnergyRange& energy, std::size_t end) {
  return energy.ends ? results::energy_json((*energy.ends)[end]) : Json(nullptr);
}

}  // namespace

void put_prices(Json& json, const experiment::RunPrices& prices) {
  json["technology"] = prices.technology;
  json["technology_file"] = prices.technology_file.string();
  json["rail"] = prices.rail;
  json["voltage"] = prices.voltage;
  json["dram_pj_per_byte"] = prices.dram.pj_per_byte;
  json["weight_area_rel"] = prices.weight_area_rel;
  json["energy_sram_rel"] = prices.energy_sram_rel;
  json["energy_uj"] = results::energy_json(prices.all.value);
  json["energy_low_uj"] = end_json(prices.all, 0);
  json["energy_high_uj"] = end_json(prices.all, 1);
  const auto& relative = prices.relative;
  json["energy_rel"] = relative ? Json(relative->rel) : Json(nullptr);
  json["energy_rel_range"] = relative && relative->ends ? Json(relative->ends->rel) : Json(nullptr);
  json["weight_access_share"] = relative ? Json(relative->access_share) : Json(nullptr);
  BROWNOUT_CHECK(json["layers"].size() == prices.layers.size(), "{} layers, {} prices",
                 json["layers"].size(), prices.layers.size());
  for (std::size_t i = 0; i < prices.layers.size(); ++i) {
    const EnergyLedger& energy = prices.layers[i].value;
    json["layers"][i]["energy_uj"] = energy.total();
    json["layers"][i]["energy_parts_uj"] = results::energy_json(energy);
  }
}

std::string ranged_text(double value, const std::optional<std::array<double, 2>>& ends,
                        int digits) {
  std::string text = fmt::format("{:.{}f}", value, digits);
  if (!ends) return text;
  const auto [low, high] = std::minmax((*ends)[0], (*ends)[1]);
  return text + fmt::format(" ({:.{}f} … {:.{}f})", low, digits, high, digits);
}

std::string dram_note(const experiment::DramPrice& dram) {
  if (dram.technology_pj_per_byte.value_or(dram.pj_per_byte) == dram.pj_per_byte) return "";
  return fmt::format(
      "The DRAM takes {} pJ a bit by the accelerator file, in place of the technology's {}.\n",
      dram.pj_per_byte / 8.0, *dram.technology_pj_per_byte / 8.0);
}

std::string prices_text(const experiment::RunPrices& prices) {
  std::string text = fmt::format(
      "\nEnergy per image, uJ, at {:.4f} Vmin; second rail: {}{}\n", prices.voltage, prices.rail,
      prices.all.ends ? ";\nlow, high: leakage at the ends of its range" : "");
  std::vector<std::string> header{"component", "uJ", "%"};
  if (prices.all.ends) header.insert(header.end(), {"low", "high"});
  Table table(header);
  const double all = prices.all.value.total();
  const auto add = [&](const char* name, auto part) {
    const double value = part(prices.all.value);
    std::vector<std::string> cells{name, fmt::format("{:.4f}", value),
                                   fmt::format("{:.1f}", 100.0 * value / all)};
    if (prices.all.ends) {
      for (const EnergyLedger& end : *prices.all.ends) {
        cells.push_back(fmt::format("{:.4f}", part(end)));
      }
    }
    table.add(cells);
  };
  for (const EnergyLedgerField& field : kEnergyLedgerFields) {
    add(field.name, [&](const EnergyLedger& energy) { return energy.*field.energy; });
  }
  add("total", [](const EnergyLedger& energy) { return energy.total(); });
  text += table.text();
  text += fmt::format(
      "\nA weight access takes {:.4f} of an unprotected one at Vmin (dynamic energy, of a read).\n",
      prices.energy_sram_rel);
  text += dram_note(prices.dram);
  if (!prices.relative) return text;
  const std::optional<experiment::EnergyEnds>& ends = prices.relative->ends;
  text += fmt::format(
      "All energy is {} of that of the unprotected accelerator at Vmin, of which weight accesses\n"
      "are {:.2f} %.\n",
      ranged_text(prices.relative->rel, ends ? std::optional(ends->rel) : std::nullopt, 4),
      100.0 * prices.relative->access_share);
  if (prices.voltage < 1.0) {
    text +=
        supply_note(results::supply_effect(prices.all.value, prices.relative->rel, prices.voltage));
  }
  return text;
}

}  // namespace brownout::report
