// SPDX-License-Identifier: Apache-2.0
// Terminal text of `sweep`.
#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <utility>

#include "sim/base/text.hpp"
#include "sim/report/difference_report.hpp"
#include "sim/report/error_text.hpp"
#include "sim/report/grid_report.hpp"
#include "sim/report/labels_note.hpp"
#include "sim/report/memories.hpp"
#include "sim/report/mitigation_report.hpp"
#include "sim/report/names.hpp"
#include "sim/report/precision_report.hpp"
#include "sim/report/rates_text.hpp"
#include "sim/report/results_text.hpp"
#include "sim/report/run_prices.hpp"
#include "sim/report/safe_voltage_report.hpp"
#include "sim/report/savings.hpp"
#include "sim/report/supply_note.hpp"
#include "sim/report/table.hpp"

namespace brownout::report {

namespace {

std::string vmin_text(double voltage) { return fmt::format("{:.4f}", voltage); }

/// All energy saved at a voltage of the grid: of all networks, or from the smallest to the largest.
std::string all_saved_at(const results::SweepResult& result, std::size_t voltage,
                         std::size_t voltages) {
  const std::string text = all_saved(result.points[voltage]);
  bool same = true;
  for (std::size_t i = voltage; i < result.points.size(); i += voltages) {
    same = same && all_saved(result.points[i]) == text;
  }
  if (same) return text;
  const auto [low, high] = results::all_saved_range(result.points, *result.points[voltage].voltage);
  return fmt::format("{:.2f} to {:.2f}", low, high);
}

std::string grid_text(const results::SweepResult& result, const ShortNames& names) {
  std::vector<std::string> header{"V/Vmin", "bit errors %", kAccessSaved};
  const bool total = !result.accelerator.empty();
  if (total) header.emplace_back(kAllSaved);
  header.insert(header.end(), names.names.begin(), names.names.end());
  const bool several = result.models.size() > 1;  // networks to choose from
  if (several) header.emplace_back("lowest error");
  Table table(header, several ? std::set<std::size_t>{header.size() - 1} : std::set<std::size_t>{});
  const std::size_t voltages = result.points.size() / result.models.size();
  const std::vector<results::Leader>& best = result.fronts.best_per_level;
  for (std::size_t v = 0; v < voltages; ++v) {
    const results::Point& first = result.points[v];
    std::vector<std::string> cells{vmin_text(*first.voltage), rate_text(first.rate),
                                   access_saved(first)};
    if (total) cells.push_back(all_saved_at(result, v, voltages));
    for (std::size_t m = 0; m < result.models.size(); ++m) {
      cells.push_back(spread_text(result.points[m * voltages + v].rerr));
    }
    if (several) cells.push_back(best_text(best[v], voltages, names));
    table.add(cells);
  }
  return table.text();
}

/// Error, energy and latency of every network at every voltage, on the accelerator.
std::string accelerator_table(const results::SweepResult& result, const ShortNames& names) {
  Table table({"network", "V/Vmin", "RErr %", "uJ", "ms", "uJ ms"});
  const std::size_t a_network = result.points.size() / result.models.size();
  for (std::size_t i = 0; i < result.points.size(); ++i) {
    const results::Point& point = result.points[i];
    table.add({i % a_network == 0 ? names.names[i / a_network] : "", vmin_text(*point.voltage),
               spread_text(point.rerr), fmt::format("{:.3f}", point.energy->total()),
               fmt::format("{:.4f}", *point.latency_ms),
               fmt::format("{:#.4g}", *point.energy_delay_uj_ms())});
  }
  return fmt::format(
             "\nPer image on {}: energy in uJ, latency in ms at the accelerator's clock, and their "
             "product\n\n",
             result.accelerator) +
         table.text();
}

/// The points that a point of the front is not shown to be better than: the cheapest of them.
std::string cheaper_text(const results::Leader& leader, const results::Point& cheapest,
                         const results::SweepResult& result) {
  if (leader.within_noise.empty()) return "";
  std::string text = cheapest.model;
  if (result.mitigations.size() > 1) text += ", " + cheapest.mitigation;
  if (result.accelerators.size() > 1) text += ", " + cheapest.accelerator;
  text += " at " + vmin_text(*cheapest.voltage);
  if (leader.within_noise.size() > 1) {
    text += fmt::format(" and {} more", leader.within_noise.size() - 1);
  }
  return text;
}

std::string front_text(const results::SweepResult& result) {
  const bool several = result.mitigations.size() > 1;
  const results::Fronts& fronts = result.fronts;
  const bool all = fronts.compares_networks;
  std::string text =
      all ? fmt::format("Pareto front of error against energy per image on {}",
                        result.accelerators.size() > 1 ? "all accelerators" : result.accelerator)
          : std::string(
                "Pareto fronts of error against the energy of a weight access, of each network by "
                "itself: "
                "the energy is relative\nto that network at Vmin");
  std::vector<std::string> header{"V/Vmin", all ? "uJ" : kAccessSaved, "RErr %", "network"};
  if (several) header.emplace_back("mitigation");
  const bool grid = result.accelerators.size() > 1;
  if (grid) header.emplace_back("accelerator");
  header.emplace_back("no better, within noise, than");
  std::set<std::size_t> left{3};
  for (std::size_t i = 4; i < header.size(); ++i) left.insert(i);
  Table table(header, left);
  for (std::size_t i = 0; i < fronts.pareto.size(); ++i) {
    const results::Leader& leader = fronts.pareto[i];
    const results::Point& point = result.points[leader.point];
    std::vector<std::string> cells{
        vmin_text(*point.voltage),
        all ? fmt::format("{:.3f}", point.energy->total()) : access_saved(point),
        spread_text(point.rerr), point.model};
    if (several) cells.push_back(point.mitigation);
    if (grid) cells.push_back(point.accelerator);
    cells.push_back(cheaper_text(leader, result.points[fronts.cheapest_within_noise[i]], result));
    table.add(cells);
  }
  return text + "\n\n" + table.text();
}

/// Whether an accelerator takes the errors of another one.
bool share_errors(const results::SweepResult& result) {
  for (std::size_t i = 0; i < result.accelerators.size(); ++i) {
    if (result.accelerators[i].errors_of != i) return true;
  }
  return false;
}

/// What is said of one accelerator, or without one. `alone`: there is no table of accelerators.
std::string tables_text(const results::SweepResult& result, const ShortNames& names, bool alone) {
  const bool several = result.mitigations.size() > 1;
  std::string text = several ? mitigation_table(result) : grid_text(result, names);
  text += other_memories_text(result, names);
  text += "\n" + savings_note(result);
  if (!result.accelerators.empty()) {
    text += dram_note(result.accelerators.front().dram);
    const std::string note = supply_note(results::supply_effect(result.points));
    if (!note.empty()) text += "\n" + note;
    if (alone && !several) text += accelerator_table(result, names);
  }
  if (is_adaptive(result)) text += "\n" + precision_text(result);
  if (result.safe_voltage.empty()) return text;
  return text + "\n" + safe_voltage_title(result.safe) + "\n\n" + safe_voltage_table(result);
}

/// Errors once for those accelerators that share them, then every accelerator's energy.
std::string on_accelerators_text(const results::SweepResult& result, const ShortNames& names) {
  std::string text;
  const std::vector<results::SweepResult> parts = result.by_accelerator();
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (result.accelerators[i].errors_of != i) continue;
    text += sharing_text(result, i) + tables_text(parts[i], names, false) + "\n";
  }
  return text + "Energy and latency on each accelerator\n\n" + accelerators_table(result);
}

/// A table for each accelerator that has errors of its own.
std::string precisions_text(const results::SweepResult& result) {
  if (result.accelerators.size() < 2) return "\n" + precision_text(result);
  std::string text;
  const std::vector<results::SweepResult> parts = result.by_accelerator();
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (result.accelerators[i].errors_of != i) continue;
    text += "\n" + sharing_text(result, i) + precision_text(parts[i]);
  }
  return text;
}

/// How much was left to do.
std::string computed_text(const results::SweepResult& result) {
  std::string notes;
  if (!result.by_rate && (!is_adaptive(result) || !result.safe_voltage.empty()))
    notes = fmt::format("{} more at safe voltages", result.extra_points_computed);
  if (share_errors(result)) {
    notes += (notes.empty() ? "" : "; ") +
             std::string("accelerators that share their errors count once");
  }
  return fmt::format("\n{} of {} points computed in this run{}, {:.1f} s\n", result.points_computed,
                     result.points.size(), notes.empty() ? "" : " (" + notes + ")", result.seconds);
}

}  // namespace

std::string sweep_text(const results::SweepResult& result) {
  const ShortNames names = short_names(result.model_names());
  const results::Point& first = result.points.front();
  std::string out = fmt::format("Error in % (RErr, {}){}{}\n\n", errors_text(first),
                                result.by_rate ? "" : ", technology " + result.technology,
                                names.pattern.empty() ? "" : ",\nnetworks " + names.pattern);
  std::vector<results::ErrorSpread> errors;
  for (const results::Point& point : result.points) errors.push_back(point.rerr);
  const std::string images = images_text(errors, first.images);
  if (!images.empty()) out += images + ".\n\n";
  if (!result.labelled) out += labels_text(result.labelled) + "\n";
  if (!result.chip_note.empty()) out += result.chip_note + "\n\n";
  if (!result.weights_scaled)
    out += fmt::format("On {}: {}\n\n", result.accelerator, kWeightsAtVmin);
  if (result.by_rate) {
    out += rates_text(result, names);
    if (is_adaptive(result)) out += precisions_text(result);
  } else if (result.accelerators.size() > 1) {
    out += on_accelerators_text(result, names);
  } else {
    out += tables_text(result, names, true);
  }
  out += sweep_differences_text(result);
  if (!result.by_rate) out += "\n" + front_text(result);
  return out + computed_text(result);
}

}  // namespace brownout::report
