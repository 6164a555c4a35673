// SPDX-License-Identifier: Apache-2.0
// Errors once for those accelerators that share them, then every accelerator's cycles.
#include "sim/report/rates_text.hpp"

#include <fmt/format.h>

#include <map>
#include <set>
#include <vector>

#include "sim/base/text.hpp"
#include "sim/report/error_text.hpp"
#include "sim/report/grid_report.hpp"
#include "sim/report/memories.hpp"
#include "sim/report/mitigation_report.hpp"
#include "sim/report/table.hpp"

namespace brownout::report {

namespace {

constexpr char kRate[] = "bit errors %";

/// The networks without bit errors, unless a rate is 0.
void add_clean_row(const results::SweepResult& result, std::size_t rates, Table& table,
                   std::size_t columns) {
  if (result.points.front().rate == 0.0) return;
  std::vector<std::string> cells{"none"};
  for (std::size_t m = 0; m < result.models.size(); ++m) {
    cells.push_back(fmt::format("{:.2f}", result.points[m * rates].err));
  }
  cells.resize(columns);
  table.add(cells);
}

std::string errors_table(const results::SweepResult& result, const ShortNames& names) {
  std::vector<std::string> header{kRate};
  header.insert(header.end(), names.names.begin(), names.names.end());
  const bool several = result.models.size() > 1;  // networks to choose from
  if (several) header.emplace_back("lowest error");
  Table table(header, several ? std::set<std::size_t>{header.size() - 1} : std::set<std::size_t>{});
  const std::size_t rates = result.points.size() / result.models.size();
  add_clean_row(result, rates, table, header.size());
  for (std::size_t r = 0; r < rates; ++r) {
    std::vector<std::string> cells{rate_text(result.points[r].rate)};
    for (std::size_t m = 0; m < result.models.size(); ++m) {
      cells.push_back(spread_text(result.points[m * rates + r].rerr));
    }
    if (several) cells.push_back(best_text(result.fronts.best_per_level[r], rates, names));
    table.add(cells);
  }
  return table.text();
}

/// Error, area and cycles of every mitigation at every rate.
std::string mitigations_table(const results::SweepResult& result, const ShortNames& names) {
  const std::vector<std::string> shown = shown_mitigations(result.mitigations);
  const bool area = result.points.front().weight_area_rel.has_value();
  const bool accelerator = !result.accelerator.empty();
  std::vector<std::string> header{"network",    kRate,    "mitigation", "cells hit",
                                  "bits wrong", "RErr %", "±"};
  if (area) header.emplace_back("area");
  if (accelerator) header.insert(header.end(), {"cycles", "ms"});
  header.emplace_back("");
  Table table(header, {0, 2, header.size() - 1});
  std::map<std::size_t, std::string> marks;
  for (const results::Leader& leader : result.fronts.mitigations) {
    marks[leader.point] = leader.within_noise.empty() ? "*" : "~";
  }
  const std::size_t rates = result.points.size() / result.models.size() / shown.size();
  for (std::size_t m = 0; m < result.models.size(); ++m) {
    for (std::size_t r = 0; r < rates; ++r) {
      for (std::size_t k = 0; k < shown.size(); ++k) {
        const std::size_t i = (m * shown.size() + k) * rates + r;
        const results::Point& point = result.points[i];
        std::vector<std::string> cells{
            k == 0 ? names.names[m] : "",
            k == 0 ? rate_text(point.rate) : "",
            shown[k],
            fmt::format("{:.0f}", point.cells_hit_mean),
            fmt::format("{:.0f}", point.bits_wrong_mean),
            fmt::format("{:.2f}", point.rerr.mean),
            point.rerr.std ? fmt::format("{:.2f}", *point.rerr.std) : ""};
        if (area) cells.push_back(fmt::format("{:.3f}", *point.weight_area_rel));
        if (accelerator) {
          cells.push_back(fmt::format("{:.0f}", *point.cycles));
          cells.push_back(fmt::format("{:.4f}", *point.latency_ms));
        }
        cells.push_back(marks[i]);
        table.add(cells);
      }
    }
  }
  std::string compared = "error";
  if (area) compared += accelerator ? ", area" : " and area";
  if (accelerator) compared += " and cycles";
  std::string text = table.text() + "\n  Cells hit: as the words see them, after repair.";
  if (area) {
    text += fmt::format(" Area: of the weight memory, relative to the unprotected one ({}).",
                        result.technology);
  }
  return text + fmt::format(
                    "\n  *: no other mitigation of the network is at most as high in {} at "
                    "that rate; ~: the same, but one\n  that costs no more is within noise.\n",
                    compared);
}

/// A row for each accelerator, network and mitigation.
std::string cycles_table(const results::SweepResult& result, const ShortNames& names) {
  const std::vector<std::string> shown = shown_mitigations(result.mitigations);
  std::vector<std::string> header{"accelerator", "network"};
  std::set<std::size_t> left{0, 1};
  if (shown.size() > 1) {
    left.insert(header.size());
    header.emplace_back("mitigation");
  }
  header.insert(header.end(), {"cycles", "ms"});
  Table table(header, left);
  const std::size_t rows = result.accelerators.size() * result.models.size() * shown.size();
  const std::size_t rates = result.points.size() / rows;
  for (std::size_t row = 0; row < rows; ++row) {
    const results::Point& point = result.points[row * rates];
    const std::size_t network = row / shown.size() % result.models.size();
    const std::size_t mitigation = row % shown.size();
    std::vector<std::string> cells{
        network == 0 && mitigation == 0 ? printable(point.accelerator) : "",
        mitigation == 0 ? names.names[network] : ""};
    if (shown.size() > 1) cells.push_back(shown[mitigation]);
    cells.push_back(fmt::format("{:.0f}", *point.cycles));
    cells.push_back(fmt::format("{:.4f}", *point.latency_ms));
    table.add(cells);
  }
  return "\nCycles and latency of an image at the accelerator's clock, which bit errors do not "
         "change\n\n" +
         table.text();
}

std::string errors_text(const results::SweepResult& result, const ShortNames& names) {
  return (result.mitigations.size() > 1 ? mitigations_table(result, names)
                                        : errors_table(result, names)) +
         other_memories_text(result, names);
}

}  // namespace

std::string rate_text(double rate) { return fmt::format("{:.3g}", 100.0 * rate); }

std::string best_text(const results::Leader& leader, std::size_t levels, const ShortNames& names) {
  if (leader.within_noise.size() + 1 == names.names.size() && names.names.size() > 1) {
    return "all within noise";
  }
  std::string text = names.names[leader.point / levels];
  for (const std::size_t i : leader.within_noise) text += " or " + names.names[i / levels];
  return text;
}

std::string rates_text(const results::SweepResult& result, const ShortNames& names) {
  std::string text;
  if (result.accelerators.size() > 1) {
    const std::vector<results::SweepResult> parts = result.by_accelerator();
    for (std::size_t i = 0; i < parts.size(); ++i) {
      if (result.accelerators[i].errors_of != i) continue;
      text += (text.empty() ? "" : "\n") + sharing_text(result, i) + errors_text(parts[i], names);
    }
  } else {
    text = errors_text(result, names);
  }
  // The table of mitigations on one accelerator has them already.
  const bool there = result.mitigations.size() > 1 && result.accelerators.size() == 1;
  if (!result.accelerators.empty() && !there) text += cycles_table(result, names);
  return text + "\n" + kNoVoltage + "\n";
}

}  // namespace brownout::report
