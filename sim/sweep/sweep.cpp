// SPDX-License-Identifier: Apache-2.0
// Runs a sweep point by point through the result store.
#include "sim/sweep/sweep.hpp"

#include <algorithm>
#include <chrono>
#include <set>

#include "sim/base/error.hpp"
#include "sim/base/progress.hpp"
#include "sim/engines/evaluate.hpp"
#include "sim/mapping/program.hpp"
#include "sim/mapping/timing.hpp"
#include "sim/results/store.hpp"
#include "sim/sweep/evaluator.hpp"
#include "sim/sweep/network_cost.hpp"
#include "sim/sweep/records.hpp"
#include "sim/weights/repair_plan.hpp"

namespace brownout::sweep {

namespace {

struct Inputs {
  std::vector<Model> models;
  data::Dataset data;
  std::string data_sha256;
};

/// Loads and checks everything; settles `images`.
Inputs load_inputs(SweepConfig& config) {
  Inputs inputs;
  for (const std::filesystem::path& file : config.models) inputs.models.push_back(load_model(file));
  try {
    inputs.data = data::load_dataset(config.dataset, config.split, config.data_folder);
  } catch (const InputError& error) {
    if (config.data_origin.empty()) throw;
    throw InputError("{}: {}", config.data_origin, error.what());
  }
  if (config.images == 0) config.images = inputs.data.size();
  if (config.images > inputs.data.size()) {
    throw InputError("{}: expected an integer in [1, {}], the images of {} ({}), got {}",
                     config.images_origin, inputs.data.size(), config.dataset,
                     to_string(config.split), config.images);
  }
  for (const Model& model : inputs.models) {
    engines::check_fits(model.network, inputs.data, model.file.string());
    const auto offset = static_cast<std::uint64_t>(config.bit_offset);
    const mapping::Placement placement =
        config.accelerator ? mapping::compile(model.network, *config.accelerator, config.batch,
                                              offset, model.file.string())
                                 .placement
                           : mapping::resident(model.network, offset);
    for (const SweepMitigation& entry : config.mitigations) {
      weights::plan_repair(model.network, model.sha256, placement, entry.what,
                           config.accelerator ? &config.accelerator->weights : nullptr,
                           model.file.string());
    }
  }
  inputs.data_sha256 = data::dataset_sha256(inputs.data);
  return inputs;
}

/// Cycles and counts of one network on the accelerator, simulated once for all mitigations that
/// take the same number of cycles.
class CostCache {
 public:
  CostCache(const SweepConfig& config, const Model& model) : config_(config), model_(model) {}

  const NetworkCost& of(const memory::Mitigations& mitigations) {
    std::optional<NetworkCost>& cost =
        mapping::check_stages(mitigations.check) == 0 ? without_checks_ : with_checks_;
    if (!cost) {
      mapping::AcceleratorConfig accelerator = *config_.accelerator;
      accelerator.weights.mitigations = mitigations;
      cost.emplace(model_.network, accelerator, config_.batch,
                   static_cast<std::uint64_t>(config_.bit_offset), config_.images,
                   model_.file.string());
    }
    return *cost;
  }
  /// The energy of all parts, unprotected, at Vmin.
  technology::EnergyRange at_vmin() { return of({}).at_vmin(*config_.technology); }

 private:
  const SweepConfig& config_;
  const Model& model_;
  std::optional<NetworkCost> without_checks_, with_checks_;
};

/// One network's share of the sweep with one mitigation. The evaluator is built only when a row is
/// missing.
class ModelSweep {
 public:
  ModelSweep(const SweepConfig& config, const Inputs& inputs, const chips::Chip& first_chip,
             const Model& model, const SweepMitigation& mitigation, CostCache& costs,
             results::Store& store, int threads, Progress& progress)
      : config_(config),
        inputs_(inputs),
        model_(model),
        mitigation_(mitigation),
        costs_(costs),
        accelerator_(config.accelerator),
        protection_(protection_of(mitigation.what, model.network.bits(), config.accelerator)),
        store_(store),
        threads_(threads),
        progress_(progress),
        keys_(config, model, inputs.data_sha256) {
    if (accelerator_) accelerator_->weights.mitigations = mitigation.what;
    steps_ = steps(first_chip);
    levels_ =
        results::search_levels(config.voltages, std::min(1.0, config.technology->highest_voltage()),
                               config.safe.tolerance, steps_);
    clean_ = clean();
  }

  const results::SearchLevels& levels() const { return levels_; }
  /// The voltages between which nothing changes, as levels of the rail; empty if there are none.
  const std::vector<double>& steps() const { return steps_; }

  /// The result of one chip at a voltage; `computed` says whether it was missing.
  ChipResult chip(const chips::Chip& chip, double voltage, bool& computed) {
    // Chips with steps give one result from a step up to the next, so it is evaluated once.
    if (!steps_.empty()) voltage = levels_.voltages[levels_.at(voltage)];
    const chips::OperatingPoint supply = supply_at(voltage);
    const std::string key = keys_.chip(mitigation_, chip.identity(), supply);
    std::optional<ChipResult> result = find_chip(store_, key, config_.images);
    computed = !result;
    if (!result) {
      result = evaluator().on_chip(chip, accessed_at(supply), clean_, others(voltage));
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
    return drop_points(result.wrong, clean_.wrong, config_.images) <= config_.safe.max_drop_points;
  }

  /// The point at a voltage on the given chips; `computed` says whether any of it was missing.
  /// `results` may be null.
  Point point(const Chips& chips, double voltage, bool& computed,
              std::vector<ChipResult>* results = nullptr) {
    const technology::Technology& technology = *config_.technology;
    computed = false;
    std::vector<ChipResult> list;
    for (const std::unique_ptr<chips::Chip>& chip : chips) {
      bool missing = false;
      list.push_back(this->chip(*chip, voltage, missing));
      computed = computed || missing;
      tick(voltage);
    }
    Point point = summarize(clean_, list, config_.images);
    point.model = model_.name;
    point.mitigation = mitigation_.name;
    point.voltage = voltage;
    const chips::OperatingPoint at = accessed_at(supply_at(voltage));
    point.rate = configured_rate(chips, at, list);
    if (accelerator_) {
      const bool scaled = weights_scaled(config_.accelerator);
      point.memories = memory_uses({scaled ? at.voltage : 1.0, point.rate}, others(voltage),
                                   any_by_voltage(chips), list);
    }
    point.energy_sram_rel =
        weight_energy_relative(technology, config_.accelerator, voltage, protection_);
    point.weight_area_rel = technology::area_relative(technology, protection_);
    add_cost(point);
    if (results != nullptr) *results = std::move(list);
    return point;
  }

  /// Counts one more chip as done, whether computed or found.
  void tick(double voltage) {
    ++ticks_;
    progress_.advance(1,
                      fmt::format("{}{} at {:.4f} Vmin", model_.name,
                                  mitigation_.what.any() ? ", " + mitigation_.name : "", voltage));
  }

  std::int64_t ticks() const { return ticks_; }
  double seconds() const { return evaluator_ ? evaluator_->seconds() : 0.0; }
  std::int64_t passes() const { return evaluator_ ? evaluator_->passes() : 0; }

 private:
  chips::OperatingPoint supply_at(double voltage) const {
    return {voltage, weight_error_rate(*config_.technology, config_.accelerator, voltage)};
  }

  /// Supplies of the scaled rail at which the faults on a chip with steps change.
  std::vector<double> steps(const chips::Chip& chip) const {
    std::vector<double> supplies;
    const bool others_scaled = accelerator_ && (accelerator_->input.supply.scaled ||
                                                accelerator_->activations.supply.scaled ||
                                                accelerator_->accumulators.supply.scaled);
    for (const double step : chip.steps()) {
      if (others_scaled || step > 1.0) supplies.push_back(step);
      if (step <= 1.0) supplies.push_back(step - mitigation_.what.boost_vmin);
    }
    if (others_scaled && !supplies.empty()) supplies.push_back(1.0);  // their faults begin below it
    std::sort(supplies.begin(), supplies.end());
    return supplies;
  }

  chips::OperatingPoint accessed_at(const chips::OperatingPoint& supply) const {
    if (!weights_scaled(config_.accelerator)) return supply;  // it stays at Vmin
    return accessed(&*config_.technology, supply, /*has_voltage=*/true, mitigation_.what);
  }

  MemoryPoints others(double voltage) const {
    if (!accelerator_) return {};
    return memory_points(*accelerator_, config_.technology.get(),
                         {voltage, config_.technology->bit_error_rate(voltage)});
  }

  /// Cycles and energy on the accelerator, if there is one; simulated once, priced per voltage.
  void add_cost(Point& point) {
    if (!accelerator_) return;
    const NetworkCost& cost = costs_.of(mitigation_.what);
    point.cycles = cost.cycles_per_image();
    const technology::EnergyRange energy =
        cost.energy(*config_.technology, *point.voltage, mitigation_.what);
    const RelativeEnergy relative = relative_energy(energy, costs_.at_vmin());
    point.energy = energy.value;
    point.energy_rel = relative.rel;
    point.energy_ends = relative.ends;
    point.access_share = relative.access_share;
  }

  Evaluator& evaluator() {
    if (!evaluator_) {
      EvaluatorOptions options;
      options.engine = config_.engine;
      options.images = config_.images;
      options.threads = threads_;
      options.bit_offset = static_cast<std::uint64_t>(config_.bit_offset);
      options.evaluation_seed = static_cast<std::uint64_t>(config_.evaluation_seed);
      options.fresh_reads = config_.fresh_reads;
      options.reuse_clean = true;
      options.accelerator = accelerator_ ? &*accelerator_ : nullptr;
      options.mitigations = mitigation_.what;
      options.batch = config_.batch;
      evaluator_ = std::make_unique<Evaluator>(model_, inputs_.data, options);
    }
    return *evaluator_;
  }

  CleanResult clean() {
    const std::string key = keys_.clean();
    std::optional<CleanResult> result = find_clean(store_, key, config_.images);
    if (!result) {
      result = evaluator().clean();
      add_clean(store_, key, model_.name, *result);
    }
    return std::move(*result);
  }

  const SweepConfig& config_;
  const Inputs& inputs_;
  const Model& model_;
  const SweepMitigation& mitigation_;
  CostCache& costs_;
  std::optional<mapping::AcceleratorConfig> accelerator_;  // with the mitigation
  technology::Protection protection_;
  results::Store& store_;
  int threads_;
  Progress& progress_;
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
    error.rerr_worst = std::max(error.rerr_worst, percent(chip.wrong, config.images));
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
  result.technology = config.technology->name();
  result.rail = config.technology->rail().text();
  const SweepChips chips = sweep_chips(config);
  const chips::Chip& first_chip = *chips.grid.front();
  result.chip_note = first_chip.note();
  result.identity = identity(config, inputs.models, inputs.data_sha256, first_chip.identity());
  result.safe = rule_of(config, chips);
  result.engine = config.engine;
  if (config.accelerator) result.accelerator = config.accelerator->name;
  result.weights_scaled = weights_scaled(config.accelerator);
  result.mitigations.clear();
  for (const SweepMitigation& entry : config.mitigations) result.mitigations.push_back(entry.name);
  for (const Model& model : inputs.models) {
    result.models.push_back({model.name, model.file, model.sha256, model.network.bits(),
                             model.network.coded_parameters()});
  }

  results::Store store(folder, result.identity);
  const auto grid_points = static_cast<std::int64_t>(config.voltages.size());
  // The search takes somewhat longer: most of its chips are tried once, and all of them at the
  // answer.
  const std::int64_t per_model =
      grid_points * config.chips + 2 * config.safe.chosen_on + config.safe.stated_on;
  Progress progress(
      "sweep",
      per_model * static_cast<std::int64_t>(inputs.models.size() * config.mitigations.size()),
      quiet);

  double seconds = 0.0;
  std::int64_t passes = 0;
  for (const Model& model : inputs.models) {
    CostCache costs(config, model);
    for (const SweepMitigation& mitigation : config.mitigations) {
      ModelSweep run(config, inputs, first_chip, model, mitigation, costs, store, threads,
                     progress);
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
    result.images_per_s = static_cast<double>(passes * config.images) / seconds;
  }
  result.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  return result;
}

}  // namespace brownout::sweep
