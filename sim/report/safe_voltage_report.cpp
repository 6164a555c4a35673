// SPDX-License-Identifier: Apache-2.0
// The lowest voltage at which each network keeps its error, and what other chips show there.
#include "sim/report/safe_voltage_report.hpp"

#include <fmt/format.h>

#include <set>

#include "sim/base/text.hpp"
#include "sim/report/mitigation_report.hpp"
#include "sim/report/names.hpp"
#include "sim/report/savings.hpp"
#include "sim/report/table.hpp"

namespace brownout::report {

namespace {

const char* unit(const results::SafeVoltageRule& rule) { return rule.places ? "places" : "dies"; }

std::string counted_units(const results::SafeVoltageRule& rule) {
  if (rule.chosen_on == 1) return rule.places ? "1 place" : "1 die";
  return fmt::format("{} {}", rule.chosen_on, unit(rule));
}

}  // namespace

std::string safe_voltage_condition(const results::SafeVoltageRule& rule) {
  if (!rule.yield) {
    return fmt::format("the mean over {} loses at most {} points", unit(rule),
                       rule.max_drop_points);
  }
  return fmt::format("at least {:g} % of {} lose at most {} points", 100 * rule.yield->yield,
                     unit(rule), rule.max_drop_points);
}

std::string safe_voltage_title(const results::SafeVoltageRule& rule) {
  const std::string confidence =
      rule.yield ? fmt::format(" (confidence {:g} %)", 100 * rule.yield->confidence) : "";
  const std::string chosen =
      rule.yield ? fmt::format("chosen on {} of which {} may fail", counted_units(rule),
                               rule.allowed == 0 ? "none" : fmt::format("{}", rule.allowed))
                 : fmt::format("chosen on {}", counted_units(rule));
  const std::string images = rule.on_some_images ? ", each on as many images as that takes" : "";
  return fmt::format("Lowest voltage at which {}{},\n{}{}; errors are those of {}",
                     safe_voltage_condition(rule), confidence, chosen, images,
                     counted(rule.stated_on, "other"));
}

std::string safe_voltage_table(const results::SweepResult& result) {
  const ShortNames names = short_names(result.model_names());
  const std::vector<std::string> mitigations = shown_mitigations(result.mitigations);
  const bool several = mitigations.size() > 1;
  const bool total = !result.accelerator.empty();

  std::vector<std::string> header{"network"};
  if (several) header.emplace_back("mitigation");
  header.insert(header.end(), {"clean %", "V/Vmin", "bit errors %", "RErr %", "worst %",
                               "within the limit", kAccessSaved});
  if (total) header.insert(header.end(), {kAllSaved, "uJ", "ms"});
  header.emplace_back("");
  std::set<std::size_t> left{0, header.size() - 1};
  if (several) left.insert(1);
  Table table(header, left);
  for (std::size_t i = 0; i < result.safe_voltage.size(); ++i) {
    const results::SafeVoltageRow& row = result.safe_voltage[i];
    std::vector<std::string> cells{names.names[i / mitigations.size()]};
    if (several) cells.push_back(mitigations[i % mitigations.size()]);
    cells.push_back(fmt::format("{:.2f}", row.err));
    if (!row.voltage) {
      cells.resize(header.size() - 1, "-");
      cells.emplace_back("loses more at every voltage");
    } else {
      cells.push_back(fmt::format("{:.4f}", *row.voltage));
      cells.push_back(fmt::format("{:.3g}", 100.0 * *row.rate));
      cells.push_back(
          fmt::format("{:.2f}", row.stated->rerr_mean) +
          (row.stated->rerr_std ? fmt::format(" ± {:.2f}", *row.stated->rerr_std) : ""));
      cells.push_back(fmt::format("{:.2f}", row.stated->rerr_worst));
      cells.push_back(fmt::format("{} of {}", row.stated->within, result.safe.stated_on));
      cells.push_back(fmt::format("{:.1f}", *row.energy_saving_pct));
      if (total) {
        cells.push_back(all_saved(row));
        cells.push_back(fmt::format("{:.3f}", row.energy_uj.value_or(0.0)));
        cells.push_back(fmt::format("{:.4f}", row.latency_ms.value_or(0.0)));
      }
      cells.emplace_back(row.fails_at ? "" : "lowest voltage of the sweep");
    }
    table.add(cells);
  }
  return table.text();
}

}  // namespace brownout::report
