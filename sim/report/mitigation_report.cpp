// SPDX-License-Identifier: Apache-2.0
// Tables sorted by network, then voltage, then in the order of the list.
#include "sim/report/mitigation_report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <string_view>

#include "sim/report/names.hpp"
#include "sim/report/savings.hpp"
#include "sim/report/table.hpp"

namespace brownout::report {

namespace {

std::string relative(double value) { return fmt::format("{:.3f}", value); }

/// The numbers of a point.
void add_cells(const results::Point& point, bool accelerator, std::vector<std::string>& cells) {
  cells.insert(
      cells.end(),
      {fmt::format("{:.3g}", 100.0 * point.rate), fmt::format("{:.0f}", point.cells_hit_mean),
       fmt::format("{:.0f}", point.bits_wrong_mean), fmt::format("{:.2f}", point.rerr.mean),
       point.rerr.std ? fmt::format("{:.2f}", *point.rerr.std) : "",
       relative(*point.energy_sram_rel), relative(point.weight_area_rel.value_or(1.0))});
  if (!accelerator) return;
  cells.push_back(relative(*point.energy_rel));
  cells.push_back(point.energy_ends ? relative(point.energy_ends->rel[0]) + " … " +
                                          relative(point.energy_ends->rel[1])
                                    : "");
  cells.push_back(fmt::format("{:.3f}", point.energy->total()));
  cells.push_back(fmt::format("{:.0f}", *point.cycles));
  cells.push_back(fmt::format("{:.4f}", *point.latency_ms));
  cells.push_back(fmt::format("{:#.4g}", *point.energy_delay_uj_ms()));
}

}  // namespace

std::vector<std::string> shown_mitigations(const std::vector<std::string>& names) {
  std::vector<std::string> shown;
  for (const std::string& name : names) {
    constexpr std::string_view kPlacement = "placement=";
    // The placement is the last part of the text.
    const std::size_t at = name.rfind(kPlacement);
    shown.push_back(at == std::string::npos ? name : name.substr(0, at + kPlacement.size() - 1));
  }
  const std::set<std::string> different(shown.begin(), shown.end());
  return different.size() == names.size() ? shown : names;
}

std::string mitigation_table(const results::SweepResult& result) {
  const ShortNames names = short_names(result.model_names());
  const std::vector<std::string> shown = shown_mitigations(result.mitigations);
  const bool accelerator = !result.accelerator.empty();
  std::vector<std::string> header{"network",    "V/Vmin", "mitigation", "p %",  "cells hit",
                                  "bits wrong", "RErr %", "±",          "read", "area"};
  if (accelerator)
    header.insert(header.end(), {"energy", "low … high", "uJ", "cycles", "ms", "uJ ms"});
  header.emplace_back("");
  Table table(header, {0, 2, header.size() - 1});
  std::map<std::size_t, std::string> marks;
  for (const results::Leader& leader : result.fronts.mitigations) {
    marks[leader.point] = leader.within_noise.empty() ? "*" : "~";
  }
  const std::size_t mitigations = result.mitigations.size();
  const std::size_t voltages = result.points.size() / result.models.size() / mitigations;
  for (std::size_t m = 0; m < result.models.size(); ++m) {
    for (std::size_t v = 0; v < voltages; ++v) {
      for (std::size_t k = 0; k < mitigations; ++k) {
        const std::size_t i = (m * mitigations + k) * voltages + v;
        std::vector<std::string> cells{
            k == 0 ? names.names[m] : "",
            k == 0 ? fmt::format("{:.4f}", *result.points[i].voltage) : "", shown[k]};
        add_cells(result.points[i], accelerator, cells);
        cells.push_back(marks[i]);
        table.add(cells);
      }
    }
  }
  return table.text() +
         fmt::format(
             "\n  p: configured bit error rate where the memory is accessed. Read: dynamic energy "
             "of a "
             "weight read; area: of the\n  weight memory{}. All are relative to the unprotected "
             "memory at Vmin:\n  a read above 1 costs more than the voltage saves. Cells hit: as "
             "the words see them, after repair. *: no other\n  point of the network is at most as "
             "high in error, energy, area and cycles; ~: the same, but one that\n  costs no more "
             "is within noise.\n",
             accelerator ? "; energy: of an inference, and at low … high leakage" : "");
}

}  // namespace brownout::report
