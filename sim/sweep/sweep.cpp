// SPDX-License-Identifier: Apache-2.0
// Runs a sweep point by point through the result store.
#include "sim/sweep/sweep.hpp"

#include <algorithm>
#include <chrono>
#include <map>
#include <set>

#include "sim/base/error.hpp"
#include "sim/base/progress.hpp"
#include "sim/engines/evaluate.hpp"
#include "sim/experiment/network_cost.hpp"
#include "sim/mapping/timing.hpp"
#include "sim/results/store.hpp"
#include "sim/sweep/evaluator.hpp"
#include "sim/sweep/records.hpp"
#include "sim/weights/repair_plan.hpp"

namespace brownout::sweep {

namespace {

/// A network with its programs, each compiled once: one for each choice of mitigations.
class Network {
 public:
  Network(const std::filesystem::path& file, const experiment::TargetConfig& config)
      : model_(experiment::load_model(file)), config_(config) {}
  Network(const Network&) = delete;
  Network& operator=(const Network&) = delete;

  const experiment::Model& model() const { return model_; }
  const experiment::Target& with(const memory::Mitigations& mitigations) {
    std::unique_ptr<const experiment::Target>& target = targets_[memory::to_string(mitigations)];
    if (!target) {
      target = std::make_unique<const experiment::Target>(model_, config_.with(mitigations));
    }
    return *target;
  }

 private:
  experiment::Model model_;
  const experiment::TargetConfig& config_;
  std::map<std::string, std::unique_ptr<const experiment::Target>> targets_;
};

struct Inputs {
  std::vector<std::unique_ptr<Network>> networks;
  experiment::OpenImages images;
  UsedImages used;
};

/// Loads and checks everything.
Inputs load_inputs(const SweepConfig& config) {
  Inputs inputs;
  for (const std::filesystem::path& file : config.models) {
    inputs.networks.push_back(std::make_unique<Network>(file, config.setup.target));
  }
  inputs.images = experiment::open(config.setup.images);
  for (const std::unique_ptr<Network>& network : inputs.networks) {
    const experiment::Model& model = network->model();
    engines::check_fits(*model.network, *inputs.images.data, model.file.string());
    const std::optional<mapping::AcceleratorConfig>& accelerator = config.setup.target.accelerator;
    const mapping::Placement placement = network->with({}).placement();
    for (const SweepMitigation& entry : config.mitigations) {
      weights::plan_repair(*model.network, model.sha256, placement, entry.what,
                           accelerator ? &accelerator->weights : nullptr, model.file.string());
    }
  }
  inputs.used = {data::dataset_sha256(*inputs.images.data), inputs.images.count};
  return inputs;
}

/// Cycles and counts of one network on the accelerator, simulated once for all mitigations that
/// take the same number of cycles.
class CostCache {
 public:
  CostCache(const SweepConfig& config, Network& network, std::int64_t images)
      : config_(config), network_(network), images_(images) {}

  const experiment::NetworkCost& of(const memory::Mitigations& mitigations) {
    std::optional<experiment::NetworkCost>& cost =
        mapping::check_stages(mitigations.check) == 0 ? without_checks_ : with_checks_;
    if (!cost) cost.emplace(network_.model(), network_.with(mitigations), images_);
    return *cost;
  }
  /// The energy of all parts, unprotected, at Vmin.
  technology::EnergyRange at_vmin() { return of({}).at_vmin(*config_.setup.technology); }

 private:
  const SweepConfig& config_;
  Network& network_;
  std::int64_t images_;
  std::optional<experiment::NetworkCost> without_checks_, with_checks_;
};

/// What all networks of a sweep share.
struct Bench {
  const SweepConfig& config;
  const Inputs& inputs;
  const chips::Chip& first_chip;
  results::Store& store;
  int threads;
  Progress& progress;
};

/// One network's share of the sweep with one mitigation. The evaluator is built only when a row is
/// missing.
class ModelSweep {
 public:
  ModelSweep(const Bench& bench, Network& network, const SweepMitigation& mitigation,
             CostCache& costs)
      : bench_(bench),
        config_(bench.config),
        setup_(bench.config.setup),
        model_(network.model()),
        network_(network),
        mitigation_(mitigation),
        costs_(costs),
        images_(bench.inputs.images.count),
        supplies_(setup_.technology, setup_.target.with(mitigation.what)),
        protection_(experiment::protection_of(mitigation.what, model_.network->bits(),
                                              setup_.target.accelerator)),
        store_(bench.store),
        keys_(config_, model_, bench.inputs.used) {
    steps_ = supplies_.steps(bench.first_chip);
    levels_ = results::search_levels(config_.voltages,
                                     std::min(1.0, setup_.technology->highest_voltage()),
                                     config_.safe.tolerance, steps_);
    clean_ = clean();
  }

  const results::SearchLevels& levels() const { return levels_; }
  /// The voltages between which nothing changes, as levels of the rail; empty if there are none.
  const std::vector<double>& steps() const { return steps_; }

  /// The result of one chip at a voltage; `computed` says whether it was missing.
  ChipResult chip(const chips::Chip& chip, double voltage, bool& computed) {
    // Chips with steps give one result from a step up to the next, so it is evaluated once.
    if (!steps_.empty()) voltage = levels_.voltages[levels_.at(voltage)];
    const chips::OperatingPoint supply = supplies_.at(voltage).supply;
    const std::string key = keys_.chip(mitigation_, chip.identity(), supply);
    std::optional<ChipResult> result = find_chip(store_, key, images_);
    computed = !result;
    if (!result) {
      result = evaluator().on_chip(chip, supplies_.at(voltage), clean_);
      add_chip(store_, key, model_.name, mitigation_, supply, *result);
    }
    result->place = chip.place();
    return std::move(*result);
  }

  /// Whether a chip loses at most what may be lost.
  bool within_limit(const chips::Chip& chip, double voltage) {
    bool computed = false;
    return within_limit(this->chip(chip, voltage, computed));
  }
  bool within_limit(const ChipResult& result) const {
    return drop_points(result.wrong, clean_.wrong, images_) <= config_.safe.max_drop_points;
  }

  /// The point at a voltage on the given chips; `computed` says whether any of it was missing.
  /// `results` may be null.
  Point point(const Chips& chips, double voltage, bool& computed,
              std::vector<ChipResult>* results = nullptr) {
    const technology::Technology& technology = *setup_.technology;
    computed = false;
    std::vector<ChipResult> list;
    for (const std::unique_ptr<chips::Chip>& chip : chips) {
      bool missing = false;
      list.push_back(this->chip(*chip, voltage, missing));
      computed = computed || missing;
      tick(voltage);
    }
    Point point = summarize(clean_, list, images_);
    point.model = model_.name;
    point.mitigation = mitigation_.name;
    point.voltage = voltage;
    const experiment::Conditions at = supplies_.at(voltage);
    point.rate = configured_rate(chips, at.weights, list);
    if (setup_.target.accelerator) {
      point.memories =
          memory_uses({at.weights.voltage, point.rate}, at.others, any_by_voltage(chips), list);
    }
    point.energy_sram_rel = supplies_.weight_energy_relative(voltage, protection_);
    point.weight_area_rel = technology::area_relative(technology, protection_);
    add_cost(point);
    if (results != nullptr) *results = std::move(list);
    return point;
  }

  /// Counts one more chip as done, whether computed or found.
  void tick(double voltage) {
    ++ticks_;
    bench_.progress.advance(
        1, fmt::format("{}{} at {:.4f} Vmin", model_.name,
                       mitigation_.what.any() ? ", " + mitigation_.name : "", voltage));
  }

  std::int64_t ticks() const { return ticks_; }
  double seconds() const { return evaluator_ ? evaluator_->seconds() : 0.0; }
  std::int64_t passes() const { return evaluator_ ? evaluator_->passes() : 0; }

 private:
  /// Cycles and energy on the accelerator, if there is one; simulated once, priced per voltage.
  void add_cost(Point& point) {
    if (!setup_.target.accelerator) return;
    const experiment::NetworkCost& cost = costs_.of(mitigation_.what);
    point.cycles = cost.cycles_per_image();
    const technology::EnergyRange energy =
        cost.energy(*setup_.technology, *point.voltage, mitigation_.what);
    const experiment::RelativeEnergy relative =
        experiment::relative_energy(energy, costs_.at_vmin());
    point.energy = energy.value;
    point.energy_rel = relative.rel;
    point.energy_ends = relative.ends;
    point.access_share = relative.access_share;
  }

  Evaluator& evaluator() {
    if (!evaluator_) {
      EvaluatorOptions options;
      options.threads = bench_.threads;
      options.reuse_clean = true;
      evaluator_ = std::make_unique<Evaluator>(model_, bench_.inputs.images, setup_,
                                               network_.with(mitigation_.what), options);
    }
    return *evaluator_;
  }

  CleanResult clean() {
    const std::string key = keys_.clean();
    std::optional<CleanResult> result = find_clean(store_, key, images_);
    if (!result) {
      result = evaluator().clean();
      add_clean(store_, key, model_.name, *result);
    }
    return std::move(*result);
  }

  const Bench& bench_;
  const SweepConfig& config_;
  const experiment::Setup& setup_;
  const experiment::Model& model_;
  Network& network_;
  const SweepMitigation& mitigation_;
  CostCache& costs_;
  std::int64_t images_;
  experiment::Supplies supplies_;  // with the boost of the mitigation
  technology::Protection protection_;
  results::Store& store_;
  RecordKeys keys_;
  std::unique_ptr<Evaluator> evaluator_;
  std::vector<double> steps_;
  results::SearchLevels levels_;
  CleanResult clean_;
  std::int64_t ticks_ = 0;
};

/// Chooses the level of the safe voltage. `tried` counts evaluations beyond the grid.
std::optional<results::SafeLevel> choose(const SweepConfig& config, const SweepChips& chips,
                                         ModelSweep& model, const SafeVoltageRule& rule,
                                         std::int64_t& tried) {
  const results::SearchLevels& levels = model.levels();
  if (!config.safe.yield) {
    return results::find_by_mean(levels, [&](std::size_t level) {
      const std::vector<std::size_t>& grid = levels.on_grid;
      if (!std::binary_search(grid.begin(), grid.end(), level)) tried += config.chips;
      bool computed = false;
      return model.point(chips.grid, levels.voltages[level], computed).drop() <=
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
        if (on_grid.count(chips.chosen[die]->identity()) == 0) return std::nullopt;
        return within(die, level);
      },
      [&](std::size_t die, std::size_t level) {
        ++tried;
        model.tick(levels.voltages[level]);
        return within(die, level);
      });
}

/// Finds the safe voltage and states its error on other chips, as a point of `result`.
SafeVoltageRow find_safe_voltage(const SweepConfig& config, const SweepChips& chips,
                                 ModelSweep& model, const Point& first, SweepResult& result) {
  SafeVoltageRow row;
  row.model = first.model;
  row.mitigation = first.mitigation;
  row.err = first.err;
  const std::optional<results::SafeLevel> safe =
      choose(config, chips, model, result.safe, row.tried);
  if (!safe) return row;
  const std::vector<double>& voltages = model.levels().voltages;
  row.voltage = voltages[safe->level];
  if (safe->fails_at) row.fails_at = voltages[*safe->fails_at];
  row.failed = safe->failed;

  bool computed = false;
  std::vector<ChipResult> stated;
  const Point point = model.point(chips.stated, *row.voltage, computed, &stated);
  row.energy_saving_pct = 100.0 * (1.0 - *point.energy_sram_rel);
  if (point.energy_rel) row.energy_saving_total_pct = 100.0 * (1.0 - *point.energy_rel);
  if (point.energy_ends) {
    const std::array<double, 2>& rel = point.energy_ends->rel;
    row.energy_saving_total_ends_pct = {{100.0 * (1.0 - rel[0]), 100.0 * (1.0 - rel[1])}};
  }
  row.rate = point.rate;
  StatedError error{point.rerr.mean, point.rerr.std, 0.0, 0};
  for (const ChipResult& chip : stated) {
    error.rerr_worst = std::max(error.rerr_worst, percent(chip.wrong, first.images));
    error.within += model.within_limit(chip) ? 1 : 0;
  }
  row.stated = error;
  result.extra_points.push_back(point);
  result.extra_points_computed += computed ? 1 : 0;
  return row;
}

/// When the configuration is settled.
SafeVoltageRule rule_of(const SweepConfig& config, const SweepChips& chips) {
  const SafeVoltageConfig& safe = config.safe;
  SafeVoltageRule rule;
  rule.max_drop_points = safe.max_drop_points;
  rule.yield = safe.yield;
  rule.chosen_on = safe.chosen_on;
  rule.stated_on = safe.stated_on;
  if (safe.yield) rule.allowed = *results::allowed_failures(safe.chosen_on, *safe.yield);
  rule.first_chosen = chips.chosen.front()->name();
  rule.first_stated = chips.stated.front()->name();
  rule.places = !config.profile.empty();
  return rule;
}

}  // namespace

SweepResult run_sweep(SweepConfig config, const std::filesystem::path& folder, int threads,
                      bool quiet) {
  const auto start = std::chrono::steady_clock::now();
  settle_safe_voltage(config);
  const Inputs inputs = load_inputs(config);
  SweepResult result;
  const experiment::Setup& setup = config.setup;
  result.technology = setup.technology->name();
  result.rail = setup.technology->rail().text();
  const SweepChips chips = sweep_chips(config);
  const chips::Chip& first_chip = *chips.grid.front();
  result.chip_note = first_chip.note();
  for (const std::unique_ptr<Network>& network : inputs.networks) {
    const experiment::Model& model = network->model();
    result.models.push_back({model.name, model.file, model.sha256, model.network->bits(),
                             model.network->coded_parameters()});
  }
  result.identity = identity(config, result.models, inputs.used, first_chip.identity());
  result.safe = rule_of(config, chips);
  result.engine = setup.engine;
  if (setup.target.accelerator) result.accelerator = setup.target.accelerator->name;
  result.weights_scaled = setup.supplies().weights_scaled();
  result.mitigations.clear();
  for (const SweepMitigation& entry : config.mitigations) result.mitigations.push_back(entry.name);
  results::Store store(folder, result.identity);
  const auto grid_points = static_cast<std::int64_t>(config.voltages.size());
  // The search takes somewhat longer: most of its chips are tried once, and all of them at the
  // answer.
  const std::int64_t per_model =
      grid_points * config.chips + 2 * config.safe.chosen_on + config.safe.stated_on;
  Progress progress(
      "sweep",
      per_model * static_cast<std::int64_t>(inputs.networks.size() * config.mitigations.size()),
      quiet);

  double seconds = 0.0;
  std::int64_t passes = 0;
  const Bench bench{config, inputs, first_chip, store, threads, progress};
  for (const std::unique_ptr<Network>& network : inputs.networks) {
    CostCache costs(config, *network, inputs.images.count);
    for (const SweepMitigation& mitigation : config.mitigations) {
      ModelSweep run(bench, *network, mitigation, costs);
      if (config.mitigations.size() == 1) result.steps = run.steps();
      const std::size_t first = result.points.size();
      for (const double voltage : config.voltages) {
        bool computed = false;
        result.points.push_back(run.point(chips.grid, voltage, computed));
        result.points_computed += computed ? 1 : 0;
      }
      const SafeVoltageRow row =
          find_safe_voltage(config, chips, run, result.points[first], result);
      progress.add_work(run.ticks() - per_model);
      result.safe_voltage.push_back(row);
      seconds += run.seconds();
      passes += run.passes();
    }
  }
  progress.finish();

  if (seconds > 0) {
    result.images_per_s = static_cast<double>(passes * inputs.images.count) / seconds;
  }
  result.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  return result;
}

}  // namespace brownout::sweep
