// SPDX-License-Identifier: Apache-2.0
// Terminal text of `eval` and `sweep`.
#include "sim/report/results_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <utility>

#include "sim/base/text.hpp"
#include "sim/mitigation/outcome.hpp"
#include "sim/report/error_text.hpp"
#include "sim/report/memories.hpp"
#include "sim/report/mitigation_report.hpp"
#include "sim/report/names.hpp"
#include "sim/report/safe_voltage_report.hpp"
#include "sim/report/savings.hpp"
#include "sim/report/table.hpp"
#include "sim/sweep/configuration.hpp"
#include "sim/sweep/pareto.hpp"

namespace brownout::report {

namespace {

std::string bits_text(int bits) { return bits == 0 ? "mixed widths" : fmt::format("{} bit", bits); }

/// "2.5", "0.00691": three significant digits of a fraction in percent.
std::string rate_text(double rate) { return fmt::format("{:.3g}", 100.0 * rate); }

std::string voltage_text(double voltage) { return fmt::format("{:.4f}", voltage); }

std::string operating_point_text(const sweep::EvalResult& result) {
  const sweep::EvalConfig& config = result.config;
  const experiment::Setup& setup = config.setup;
  const bool places = result.point && result.point->places;
  if (config.weight_noise) {
    return fmt::format("{} draws of weight noise, within {:g} % of each tensor's range",
                       config.chips.size(), 100 * *config.weight_noise);
  }
  if (!result.rate) return "no faults";
  const auto count = static_cast<std::int64_t>(config.chips.size());
  std::string text = count == 1 ? "chip " + config.chips[0] : sweep::chips_text(count, places);
  const bool scaled = setup.supplies().weights_scaled();
  if (scaled) text += fmt::format(" at bit error rate {} %", rate_text(*result.rate));
  if (result.voltage) text += fmt::format(", {} Vmin", voltage_text(*result.voltage));
  if (setup.target.mitigations().any())
    text += ", " + mitigation::to_string(setup.target.mitigations());
  if (!setup.reads.selection.all()) text += ", in selected cells only";
  const std::string others = result.memories ? memories_text(*result.memories, result.images) : "";
  if (!scaled) return text + "; " + kWeightsAtVmin + others;
  if (result.energy_sram_rel) {
    text += fmt::format(", a weight access takes {:.1f} % of an unprotected one at Vmin",
                        100 * *result.energy_sram_rel);
  }
  return text + others;
}

results::ErrorSpread clean_error(const sweep::EvalResult& result) {
  if (!result.clean.wrong_images.empty()) return results::error_spread({result.clean.wrong_images});
  return results::error_spread(std::vector<std::int64_t>{result.clean.wrong}, result.images);
}

/// The energy of an inference over the range of leakage, and the share of weight accesses in it.
std::string shares_text(const experiment::RelativeEnergy& relative) {
  std::string text = fmt::format("\nWeight accesses are {:.2f} % of all energy at Vmin.",
                                 100.0 * relative.access_share);
  if (relative.ends) {
    const experiment::EnergyEnds& ends = *relative.ends;
    text += fmt::format(
        " With leakage at the ends of its range an image\ntakes {:.3f} … {:.3f} uJ, {:.4f} … "
        "{:.4f} "
        "of the unprotected accelerator's at Vmin.",
        ends.uj[0], ends.uj[1], ends.rel[0], ends.rel[1]);
  }
  return text + "\n";
}

/// What the columns after the mean say.
std::string bars_text(const sweep::EvalResult& result, std::int64_t draws, bool places) {
  const char* what = result.config.weight_noise ? "draw" : places ? "place" : "chip";
  if (draws < 2) {
    return fmt::format(
        "\nOver images: had {} been drawn.{}\n",
        result.images == 1 ? "another one" : fmt::format("another {}", result.images),
        draws == 1 ? fmt::format(" One {0} says nothing of other {0}s.", what) : "");
  }
  return fmt::format(
      "\nOver {2}: other {0}s{3}, these images. Over images: {1}, these {0}s. Over both: other "
      "{0}s "
      "and images.\n",
      what, counted(result.images, "other image"), places ? "places" : "chips",
      places ? " of this die" : "");
}

/// The best network, and the networks between which and it nothing is decided.
std::string best_text(const sweep::Leader& leader, std::size_t voltages, const ShortNames& names) {
  if (leader.within_noise.size() + 1 == names.names.size() && names.names.size() > 1) {
    return "all within noise";
  }
  std::string text = names.names[leader.point / voltages];
  for (const std::size_t i : leader.within_noise) text += " or " + names.names[i / voltages];
  return text;
}

/// All energy saved at a voltage of the grid: of all networks, or from the smallest to the largest.
std::string all_saved_at(const sweep::SweepResult& result, std::size_t voltage,
                         std::size_t voltages) {
  const std::string text = all_saved(result.points[voltage]);
  double low = *result.points[voltage].energy_rel, high = low;
  bool same = true;
  for (std::size_t i = voltage; i < result.points.size(); i += voltages) {
    same = same && all_saved(result.points[i]) == text;
    low = std::min(low, *result.points[i].energy_rel);
    high = std::max(high, *result.points[i].energy_rel);
  }
  return same ? text : fmt::format("{:.2f} to {:.2f}", 100 * (1 - high), 100 * (1 - low));
}

std::string grid_text(const sweep::SweepResult& result, const ShortNames& names) {
  std::vector<std::string> header{"V/Vmin", "bit errors %", kAccessSaved};
  const bool total = !result.accelerator.empty();
  if (total) header.emplace_back(kAllSaved);
  header.insert(header.end(), names.names.begin(), names.names.end());
  const bool several = result.models.size() > 1;  // networks to choose from
  if (several) header.emplace_back("lowest error");
  Table table(header, several ? std::set<std::size_t>{header.size() - 1} : std::set<std::size_t>{});
  const std::size_t voltages = result.points.size() / result.models.size();
  const std::vector<sweep::Leader> best = sweep::best_per_voltage(result.points);
  for (std::size_t v = 0; v < voltages; ++v) {
    const sweep::Point& first = result.points[v];
    std::vector<std::string> cells{voltage_text(*first.voltage), rate_text(first.rate),
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

/// The memories other than the weights' that fail somewhere; "" when none does.
std::string memories_text(const sweep::SweepResult& result, const ShortNames& names) {
  Table table({"network", "V/Vmin", "memory", "its supply", "bit errors %", "cells hit",
               "bits wrong an image"},
              {0, 2});
  bool any = false;
  const std::size_t a_network = result.points.size() / result.models.size();
  for (std::size_t i = 0; i < result.points.size(); ++i) {
    const sweep::Point& point = result.points[i];
    if (!point.memories || point.mitigation != result.mitigations.front()) continue;
    for (const auto& [name, memory] : kMemoryUses) {
      const sweep::MemoryUse& use = *point.memories.*memory;
      if (holds_weights(name) || !experiment::fails({use.voltage, use.rate})) continue;
      any = true;
      const auto images = static_cast<double>(point.images);
      table.add({names.names[i / a_network], voltage_text(*point.voltage), name,
                 voltage_text(use.voltage), rate_text(use.rate),
                 fmt::format("{:.0f}", use.cells_hit_mean),
                 use.bits_wrong_mean ? fmt::format("{:.1f}", *use.bits_wrong_mean / images) : "-"});
    }
  }
  return any ? "\nThe other memories\n\n" + table.text() : "";
}

/// The points that a point of the front is not shown to be better than: the cheapest of them.
std::string cheaper_text(const sweep::Leader& leader, const std::vector<sweep::Point>& points,
                         bool several) {
  if (leader.within_noise.empty()) return "";
  const std::size_t cheapest = *std::min_element(
      leader.within_noise.begin(), leader.within_noise.end(), [&](std::size_t a, std::size_t b) {
        const auto cost = [&](std::size_t i) {
          return std::make_pair(points[i].energy ? points[i].energy->total() : 0.0,
                                *points[i].energy_sram_rel);
        };
        return cost(a) < cost(b);
      });
  const sweep::Point& point = points[cheapest];
  std::string text = fmt::format("{}{} at {}", point.model, several ? ", " + point.mitigation : "",
                                 voltage_text(*point.voltage));
  if (leader.within_noise.size() > 1) {
    text += fmt::format(" and {} more", leader.within_noise.size() - 1);
  }
  return text;
}

std::string front_text(const sweep::SweepResult& result) {
  const bool several = result.mitigations.size() > 1;
  const bool all = sweep::energies_compare_networks(result.points);
  std::string text =
      all ? fmt::format("Pareto front of error against energy per image on {}", result.accelerator)
          : std::string(
                "Pareto fronts of error against the energy of a weight access, of each network by "
                "itself: "
                "the energy is relative\nto that network at Vmin");
  std::vector<std::string> header{"V/Vmin", all ? "uJ" : kAccessSaved, "RErr %", "network"};
  if (several) header.emplace_back("mitigation");
  header.emplace_back("no better, within noise, than");
  std::set<std::size_t> left{3};
  for (std::size_t i = 4; i < header.size(); ++i) left.insert(i);
  Table table(header, left);
  for (const sweep::Leader& leader : sweep::pareto_front(result.points)) {
    const sweep::Point& point = result.points[leader.point];
    std::vector<std::string> cells{
        voltage_text(*point.voltage),
        all ? fmt::format("{:.3f}", point.energy->total()) : access_saved(point),
        spread_text(point.rerr), point.model};
    if (several) cells.push_back(point.mitigation);
    cells.push_back(cheaper_text(leader, result.points, several));
    table.add(cells);
  }
  return text + "\n\n" + table.text();
}

/// Counts of the mitigations in use, on average over the chips.
std::vector<std::pair<const char*, double>> mean_counts(const sweep::EvalResult& result) {
  std::vector<std::pair<const char*, double>> means;
  for (const sweep::ChipResult& chip : result.chips) {
    std::size_t i = 0;
    for (const mitigation::NamedCount& one : mitigation::named_counts(
             result.config.setup.target.mitigations(), {chip.protection, chip.repair})) {
      if (one.in_table == nullptr) continue;
      if (i == means.size()) means.emplace_back(one.in_table, 0.0);
      means[i++].second += static_cast<double>(one.count);
    }
  }
  for (auto& [name, mean] : means) mean /= static_cast<double>(result.chips.size());
  return means;
}

}  // namespace

std::string eval_text(const sweep::EvalResult& result) {
  const sweep::EvalConfig& config = result.config;
  const experiment::Setup& setup = config.setup;
  const bool places = result.point && result.point->places;
  std::string out = fmt::format(
      "{}: {}, {} weights in faulty memory, engine {}{}\n{} ({}), {}; {}\n\n", result.model,
      bits_text(result.bits), result.weights, setup.engine,
      setup.batch_statistics
          ? fmt::format(" with the statistics of each batch of {} images", setup.target.batch)
          : "",
      setup.images.dataset, experiment::to_string(setup.images.split),
      counted(result.images, "image"), operating_point_text(result));
  if (!result.chips.empty() && !result.chips.front().note.empty()) {
    out += result.chips.front().note + "\n\n";
  }
  const auto draws = static_cast<std::int64_t>(result.chips.size());
  const bool several = draws > 1;  // else there are no columns over chips
  std::vector<std::string> header{"", "mean", "± over images", "95 % over images"};
  if (several) {
    const std::string over = config.weight_noise ? "over draws"
                             : places            ? "over places"
                                                 : "over chips";
    header = {"", "mean", "std " + over, "95 % " + over, "± over images", "95 % over both"};
  }
  Table table(header);
  const auto add_row = [&](const std::string& name, const results::ErrorSpread& value, int digits) {
    const auto number = [&](const std::optional<double>& one) {
      return one ? fmt::format("{:.{}f}", *one, digits) : "";
    };
    std::vector<std::string> cells{name, number(value.mean)};
    if (several) {
      cells.push_back(number(value.std));
      cells.push_back(interval_text(value.ci95, digits));
    }
    cells.push_back(number(value.images_se));
    cells.push_back(interval_text(value.ci95_all, digits));
    table.add(cells);
  };
  const auto add_error = [&](const std::string& name, const results::ErrorSpread& error) {
    add_row(name, error, 2);
  };
  const auto add_one = [&](const std::string& name, double value, int digits) {
    results::ErrorSpread one;
    one.mean = value;
    add_row(name, one, digits);
  };
  add_error("clean error %", clean_error(result));
  if (result.point) {
    const sweep::Point& point = *result.point;
    add_error("RErr %", point.rerr);
    const auto add_std = [&](const std::string& name, const std::optional<double>& value) {
      if (value) table.add({name, "", fmt::format("{:.2f}", *value), "", "", ""});
    };
    add_std("  means of the bit positions", point.rerr_positions.between);
    add_std("  places of one bit position", point.rerr_positions.within);
    add_error("RErr % (wrong clean or perturbed)", point.rerr_either);
    if (point.prop1_excess) {
      add_one("Proposition 1 excess (99 %), points", *point.prop1_excess, 2);
    }
    add_one("confidence, clean", point.confidence_clean, 4);
    add_row("confidence, perturbed", {point.confidence, {}, {}}, 4);
    double cell_rate = 0.0;
    for (const sweep::ChipResult& chip : result.chips) cell_rate += chip.cell_rate;
    add_one("bit error rate of the cells, %",
            100.0 * cell_rate / static_cast<double>(result.chips.size()), 4);
    add_one("cells hit", point.cells_hit_mean, 1);
    add_one("bits wrong", point.bits_wrong_mean, 1);
    add_one("codes changed", point.codes_changed_mean, 1);
    for (const auto& [name, mean] : mean_counts(result)) add_one(name, mean, 1);
  } else {
    add_one("confidence", result.clean.confidence, 4);
  }
  if (result.weight_area_rel && setup.target.mitigations().any()) {
    add_one("area of the weight memory, relative", *result.weight_area_rel, 4);
  }
  if (result.cost) {
    add_one("cycles per image", result.cost->cycles, 0);
    add_one("energy per image, uJ", result.cost->energy.total(), 3);
    add_one("energy relative to the unprotected at Vmin", result.cost->relative.rel, 4);
  }
  out += table.text();
  if (result.cost) out += shares_text(result.cost->relative);
  if (result.energy_sram_rel) out += "Second rail: " + setup.technology->rail().text() + ".\n";
  out += bars_text(result, draws, places);
  if (result.point && !result.point->prop1_excess) {
    out += fmt::format("Proposition 1 says nothing at {} and {}.\n",
                       counted(result.images, "image"), counted(draws, "pattern"));
  }
  out += fmt::format("\n{:.0f} images/s, {:.1f} s\n", result.images_per_s, result.seconds);
  return out;
}

std::string sweep_text(const sweep::SweepResult& result) {
  std::vector<std::string> models;
  for (const sweep::SweepModel& model : result.models) models.push_back(model.name);
  const ShortNames names = short_names(models);
  const sweep::Point& first = result.points.front();
  std::string out =
      fmt::format("Error in % (RErr, {} {}, {}), technology {}{}\n\n",
                  first.chips > 1 ? "mean ± standard deviation over" : "of",
                  sweep::chips_text(first.chips, first.places), counted(first.images, "image"),
                  result.technology, names.pattern.empty() ? "" : ",\nnetworks " + names.pattern);
  std::vector<results::ErrorSpread> errors;
  for (const sweep::Point& point : result.points) errors.push_back(point.rerr);
  const std::string images = images_text(errors, first.images);
  if (!images.empty()) out += images + ".\n\n";
  if (!result.chip_note.empty()) out += result.chip_note + "\n\n";
  if (!result.weights_scaled)
    out += fmt::format("On {}: {}\n\n", result.accelerator, kWeightsAtVmin);
  const bool several = result.mitigations.size() > 1;
  out += several ? mitigation_table(result) : grid_text(result, names);
  out += memories_text(result, names);
  out += "\n" + savings_note(result);
  out += "\n" + safe_voltage_title(result.safe) + "\n\n" + safe_voltage_table(result);
  out += "\n" + front_text(result);
  out += fmt::format(
      "\n{} of {} points computed in this run ({} more at safe voltages), {:.1f} s\n",
      result.points_computed, result.points.size(), result.extra_points_computed, result.seconds);
  return out;
}

}  // namespace brownout::report
