// SPDX-License-Identifier: Apache-2.0
// By the mean over the chips of the grid, or by a yield of chips of its own.
#include "sim/runs/safe_voltage_search.hpp"

#include <algorithm>
#include <set>

namespace brownout::runs {

namespace {

/// What the chips show that did not choose the voltage.
results::StatedError stated_error(const results::Point& point,
                                  const std::vector<results::ChipResult>& chips,
                                  const ModelSweep& model) {
  results::StatedError error{point.rerr.mean, point.rerr.std, 0.0, 0};
  for (const results::ChipResult& chip : chips) {
    error.rerr_worst = std::max(error.rerr_worst, results::percent(chip.wrong, point.images));
    error.within += model.within_limit(chip) ? 1 : 0;
  }
  return error;
}

}  // namespace

results::SafeVoltageRule rule_of(const SweepConfig& config, const SweepChips& chips) {
  const SafeVoltageConfig& safe = config.safe;
  results::SafeVoltageRule rule;
  rule.max_drop_points = safe.max_drop_points;
  rule.yield = safe.yield;
  rule.chosen_on = safe.chosen_on;
  rule.stated_on = safe.stated_on;
  if (safe.yield) rule.allowed = *results::allowed_failures(safe.chosen_on, config.tested_yield());
  rule.on_some_images = config.precision.has_value();
  rule.first_chosen = chips.chosen.front()->name();
  rule.first_stated = chips.stated.front()->name();
  rule.places = !config.profile.empty();
  return rule;
}

std::optional<results::SafeLevel> choose_safe_level(const SweepConfig& config,
                                                    const SweepChips& chips, ModelSweep& model,
                                                    const results::SafeVoltageRule& rule,
                                                    SearchEffort& effort) {
  const results::SearchLevels& levels = model.levels();
  if (!config.safe.yield) {
    return results::find_by_mean(levels, [&](std::size_t level) {
      const std::vector<std::size_t>& grid = levels.on_grid;
      if (!std::binary_search(grid.begin(), grid.end(), level)) effort.tried += config.chips;
      bool computed = false;
      return model.errors(chips.grid, levels.voltages[level], computed).drop() <=
             rule.max_drop_points;
    });
  }
  std::set<std::string> on_grid;
  for (const auto& chip : chips.grid) on_grid.insert(chip->identity());
  const auto within = [&](std::size_t die, std::size_t level) {
    return model.within_limit(*chips.chosen[die], levels.voltages[level]);
  };
  return results::find_by_yield(
      levels, chips.chosen.size(), rule.allowed,
      [&](std::size_t die, std::size_t level) -> std::optional<bool> {
        if (config.precision || on_grid.count(chips.chosen[die]->identity()) == 0) {
          return std::nullopt;
        }
        return within(die, level);
      },
      [&](std::size_t die, std::size_t level) {
        ++effort.tried;
        model.tick(levels.voltages[level]);
        if (!config.precision) return within(die, level);
        const results::DieOutcome outcome =
            model.decide(*chips.chosen[die], levels.voltages[level]);
        effort.images += outcome.shown.seen;
        return outcome.within;
      });
}

results::SafeVoltageRow find_safe_voltage(const SweepConfig& config, const SweepChips& chips,
                                          ModelSweep& model, CostCache& costs,
                                          const results::Point& first,
                                          results::SweepResult& result) {
  results::SafeVoltageRow row;
  row.model = first.model;
  row.mitigation = first.mitigation;
  row.accelerator = first.accelerator;
  row.err = first.err;
  SearchEffort effort;
  const std::optional<results::SafeLevel> safe =
      choose_safe_level(config, chips, model, result.safe, effort);
  row.tried = effort.tried;
  if (config.precision) row.evaluations = effort.images;
  if (!safe) return row;
  const std::vector<double>& voltages = model.levels().voltages;
  row.voltage = voltages[safe->level];
  if (safe->fails_at) row.fails_at = voltages[*safe->fails_at];
  row.failed = safe->failed;

  bool computed = false;
  std::vector<results::ChipResult> stated;
  const results::Point point = model.point(chips.stated, *row.voltage, costs, computed, &stated);
  const results::Savings savings = point.savings();
  row.energy_saving_pct = savings.access_pct;
  row.energy_saving_total_pct = savings.all_pct;
  row.energy_saving_total_ends_pct = savings.all_ends_pct;
  if (point.energy) row.energy_uj = point.energy->total();
  row.latency_ms = point.latency_ms;
  row.rate = point.rate;
  row.stated = stated_error(point, stated, model);
  result.extra_points.push_back(point);
  result.extra_points_computed += computed ? 1 : 0;
  return row;
}

}  // namespace brownout::runs
