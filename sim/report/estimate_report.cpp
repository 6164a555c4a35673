// SPDX-License-Identifier: Apache-2.0
// Shares are fractions in JSON and percent in text.
#include "sim/report/estimate_report.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "sim/report/table.hpp"

namespace brownout::report {

using Json = nlohmann::ordered_json;

namespace {

std::string array_text(const estimate::EstimateConfig& config) {
  return fmt::format("{}x{}", config.rows, config.columns);
}

const std::string& dataflow_text(const estimate::EstimateConfig& config) {
  return estimate::estimate_dataflows()[static_cast<std::size_t>(config.dataflow)];
}

const std::string& convention_text(const estimate::EstimateConfig& config) {
  return estimate::conventions()[static_cast<std::size_t>(config.convention)];
}

/// As Python prints a float, which is how SCALE-Sim writes one: 100 is "100.0".
std::string python_float(double value) {
  std::string text = fmt::format("{}", value);
  if (text.find_first_of(".e") == std::string::npos) text += ".0";
  return text;
}

}  // namespace

std::string sparsity_remark(const estimate::Estimate& estimate) {
  std::vector<std::string> kinds;
  std::size_t layers = 0;
  for (const estimate::LayerEstimate& layer : estimate.layers) {
    if (layer.sparsity.empty()) continue;
    ++layers;
    if (std::find(kinds.begin(), kinds.end(), layer.sparsity) == kinds.end()) {
      kinds.push_back(layer.sparsity);
    }
  }
  if (layers == 0) return "";
  return fmt::format("{} of {} layers are sparse ({}); cycles and MACs are those of dense layers",
                     layers, estimate.layers.size(), fmt::join(kinds, ", "));
}

std::string estimate_text(const estimate::Estimate& estimate) {
  const estimate::EstimateConfig& config = estimate.config;
  Table table({"layer", "cycles", "folds", "MACs", "utilization %", "mapping %"});
  for (const estimate::LayerEstimate& layer : estimate.layers) {
    table.add({layer.name, fmt::format("{}", layer.cycles), fmt::format("{}", layer.folds),
               fmt::format("{}", layer.macs), fmt::format("{:.2f}", 100.0 * layer.utilization),
               fmt::format("{:.2f}", 100.0 * layer.mapping_efficiency)});
  }
  return fmt::format(
      "{}\nCycles by convention {}, array {}, dataflow {}, one image, memory always in time.\n"
      "{} cycles and {} MACs in all.\n",
      table.text(), convention_text(config), array_text(config), dataflow_text(config),
      estimate.total_cycles, estimate.total_macs);
}

std::string estimate_json(const estimate::Estimate& estimate, const std::string& source,
                          const std::vector<std::string>& remarks) {
  Json json;
  json["source"] = source;
  json["convention"] = convention_text(estimate.config);
  json["array"] = array_text(estimate.config);
  json["dataflow"] = dataflow_text(estimate.config);
  json["layers"] = Json::array();
  for (const estimate::LayerEstimate& layer : estimate.layers) {
    json["layers"].push_back({{"name", layer.name},
                              {"bits", layer.bits},
                              {"sparsity", layer.sparsity.empty() ? Json() : Json(layer.sparsity)},
                              {"cycles", layer.cycles},
                              {"folds", layer.folds},
                              {"utilization", layer.utilization},
                              {"mapping_efficiency", layer.mapping_efficiency},
                              {"compute_utilization", layer.compute_utilization},
                              {"macs", layer.macs}});
  }
  json["total_cycles"] = estimate.total_cycles;
  json["total_macs"] = estimate.total_macs;
  if (!remarks.empty()) json["remarks"] = remarks;
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::string compute_report_csv(const estimate::Estimate& estimate) {
  std::string out =
      "LayerID, Total Cycles, Stall Cycles, Overall Util %, Mapping Efficiency %, "
      "Compute Util %,\n";
  for (std::size_t i = 0; i < estimate.layers.size(); ++i) {
    const estimate::LayerEstimate& layer = estimate.layers[i];
    // Times 100 before the division, as SCALE-Sim does it, because the last digit may depend on it.
    const double overall = static_cast<double>(layer.macs) * 100.0 /
                           (static_cast<double>(std::max<std::int64_t>(layer.cycles, 1)) *
                            (static_cast<double>(estimate.config.rows) * estimate.config.columns));
    out += fmt::format("{}, {}, {}, {}, {}, {},\n", i, layer.cycles, /*stalls=*/0,
                       python_float(overall), python_float(layer.mapping_efficiency * 100.0),
                       python_float(layer.compute_utilization * 100.0));
  }
  return out;
}

}  // namespace brownout::report
