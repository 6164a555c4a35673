// SPDX-License-Identifier: Apache-2.0
// Runs a sweep point by point through the result store.
#include "sim/sweep/sweep.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>

#include "sim/base/error.hpp"
#include "sim/base/progress.hpp"
#include "sim/inference/evaluate.hpp"
#include "sim/mapping/program.hpp"
#include "sim/mapping/repair_plan.hpp"
#include "sim/mapping/timing.hpp"
#include "sim/sweep/evaluator.hpp"
#include "sim/sweep/network_cost.hpp"
#include "sim/sweep/records.hpp"
#include "sim/sweep/safe_voltage.hpp"
#include "sim/sweep/store.hpp"

namespace brownout::sweep {

namespace {

using Chips = std::vector<std::unique_ptr<memory::Chip>>;

struct Inputs {
  std::vector<Model> models;
  network::Dataset data;
  std::string data_sha256;
};

/// Loads and checks everything; settles `images`.
Inputs load_inputs(SweepConfig& config) {
  Inputs inputs;
  for (const std::filesystem::path& file : config.models) inputs.models.push_back(load_model(file));
  try {
    inputs.data = network::load_dataset(config.dataset, config.split, config.data_folder);
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
    inference::check_fits(model.network, inputs.data, model.file.string());
    const auto offset = static_cast<std::uint64_t>(config.bit_offset);
    const mapping::Placement placement =
        config.accelerator ? mapping::compile(model.network, *config.accelerator, config.batch,
                                              offset, model.file.string())
                                 .placement
                           : mapping::resident(model.network, offset);
    for (const SweepMitigation& entry : config.mitigations) {
      mapping::plan_repair(model.network, model.sha256, placement, entry.what,
                           config.accelerator ? &config.accelerator->weights : nullptr,
                           model.file.string());
    }
  }
  inputs.data_sha256 = network::dataset_sha256(inputs.data);
  return inputs;
}

/// Bisection steps that find_safe_voltage takes at most, per network.
std::int64_t most_search_steps(const SweepConfig& config) {
  double gap = 1.0 - config.voltages.front();
  for (std::size_t i = 1; i < config.voltages.size(); ++i) {
    gap = std::max(gap, config.voltages[i - 1] - config.voltages[i]);
  }
  return std::max<std::int64_t>(0, std::lround(std::ceil(std::log2(gap / config.tolerance))));
}

/// Cycles and counts of one network on the accelerator: simulated once for all mitigations that
/// take as many cycles.
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
  /// Of all parts, unprotected at Vmin.
  double energy_at_vmin() { return of({}).energy_at_vmin(*config_.technology); }

 private:
  const SweepConfig& config_;
  const Model& model_;
  std::optional<NetworkCost> without_checks_, with_checks_;
};

/// One network's share of the sweep with one mitigation. The evaluator is built when a row is
/// missing, not before.
class ModelSweep {
 public:
  ModelSweep(const SweepConfig& config, const Inputs& inputs, const Chips& chips,
             const Model& model, const SweepMitigation& mitigation, CostCache& costs, Store& store,
             int threads, Progress& progress)
      : config_(config),
        inputs_(inputs),
        chips_(chips),
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
    clean_ = clean();
  }

  /// The point at a voltage; `computed` says whether any of it was missing.
  Point point(double voltage, bool& computed) {
    const technology::Technology& technology = *config_.technology;
    const memory::OperatingPoint supply{
        voltage, weight_error_rate(technology, config_.accelerator, voltage)};
    const memory::OperatingPoint at = accessed_at(supply);
    computed = false;
    std::vector<ChipResult> chips;
    for (const std::unique_ptr<memory::Chip>& chip : chips_) {
      const std::string key = keys_.chip(mitigation_, chip->identity(), supply);
      std::optional<ChipResult> result = find_chip(store_, key, config_.images);
      if (!result) {
        result = evaluator().on_chip(*chip, at, clean_, others(voltage));
        add_chip(store_, key, model_.name, mitigation_, supply, *result);
        computed = true;
      }
      result->place = chip->place();
      chips.push_back(std::move(*result));
      progress_.advance(
          1, fmt::format("{}{} at {:.4f} Vmin", model_.name,
                         mitigation_.what.any() ? ", " + mitigation_.name : "", voltage));
    }
    Point point = summarize(clean_, chips, config_.images);
    point.model = model_.name;
    point.mitigation = mitigation_.name;
    point.voltage = voltage;
    point.rate = configured_rate(chips_, at, chips);
    if (accelerator_) {
      const bool scaled = weights_scaled(config_.accelerator);
      point.memories = memory_uses({scaled ? at.voltage : 1.0, point.rate}, others(voltage),
                                   any_by_voltage(chips_), chips);
    }
    point.energy_sram_rel =
        weight_energy_relative(technology, config_.accelerator, voltage, protection_);
    point.weight_area_rel = technology::area_relative(technology, protection_);
    add_cost(point);
    return point;
  }

  double seconds() const { return evaluator_ ? evaluator_->seconds() : 0.0; }
  std::int64_t passes() const { return evaluator_ ? evaluator_->passes() : 0; }

 private:
  memory::OperatingPoint accessed_at(const memory::OperatingPoint& supply) const {
    if (!weights_scaled(config_.accelerator)) return supply;  // it stays at Vmin
    return accessed(&*config_.technology, supply, /*has_voltage=*/true, mitigation_.what);
  }

  MemoryPoints others(double voltage) const {
    if (!accelerator_) return {};
    return memory_points(*accelerator_, config_.technology.get(),
                         {voltage, config_.technology->bit_error_rate(voltage)});
  }

  /// Cycles and energy on the accelerator, if there is one: simulated once, priced per voltage.
  void add_cost(Point& point) {
    if (!accelerator_) return;
    const NetworkCost& cost = costs_.of(mitigation_.what);
    point.cycles = cost.cycles_per_image();
    point.energy = cost.energy(*config_.technology, *point.voltage, mitigation_.what);
    point.energy_rel = point.energy->total() / costs_.energy_at_vmin();
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
  const Chips& chips_;
  const Model& model_;
  const SweepMitigation& mitigation_;
  CostCache& costs_;
  std::optional<mapping::AcceleratorConfig> accelerator_;  // with the mitigation
  technology::Protection protection_;
  Store& store_;
  int threads_;
  Progress& progress_;
  RecordKeys keys_;
  std::unique_ptr<Evaluator> evaluator_;
  CleanResult clean_;
};

/// Finds the safe voltage; evaluates what it needs between the grid points into `result`.
SafeVoltageRow search(const SweepConfig& config, const std::vector<Point>& grid, ModelSweep& model,
                      SweepResult& result, std::vector<Point>& extra) {
  std::vector<double> voltages = config.voltages;
  // A network that fails at the grid's top may still be safe between there and Vmin.
  const double top = std::min(1.0, config.technology->highest_voltage());
  if (grid.front().drop() > config.max_drop_points && voltages.front() < top) {
    voltages.insert(voltages.begin(), top);
  }
  const auto find = [&](double voltage) -> const Point& {
    for (const std::vector<Point>* points :
         {&grid, static_cast<const std::vector<Point>*>(&extra)}) {
      for (const Point& point : *points) {
        if (point.voltage == voltage) return point;
      }
    }
    bool computed = false;
    extra.push_back(model.point(voltage, computed));
    result.extra_points_computed += computed ? 1 : 0;
    return extra.back();
  };
  const std::optional<SafeVoltage> safe =
      find_safe_voltage(voltages, config.max_drop_points, config.tolerance,
                        [&](double voltage) { return find(voltage).drop(); });

  SafeVoltageRow row;
  row.model = grid.front().model;
  row.mitigation = grid.front().mitigation;
  row.max_drop_points = config.max_drop_points;
  row.err = grid.front().err;
  if (!safe) return row;
  const Point& point = find(safe->voltage);
  row.voltage = safe->voltage;
  row.fails_at = safe->fails_at;
  row.energy_saving_pct = 100.0 * (1.0 - *point.energy_sram_rel);
  if (point.energy_rel) row.energy_saving_total_pct = 100.0 * (1.0 - *point.energy_rel);
  row.rate = point.rate;
  row.rerr_mean = point.rerr.mean;
  return row;
}

}  // namespace

SweepResult run_sweep(SweepConfig config, const std::filesystem::path& folder, int threads,
                      bool quiet) {
  const auto start = std::chrono::steady_clock::now();
  const Inputs inputs = load_inputs(config);
  SweepResult result;
  result.technology = config.technology->name();
  const Chips chips = sweep_chips(config);
  result.chip_note = chips.front()->note();
  result.identity = identity(config, inputs.models, inputs.data_sha256, chips.front()->identity());
  result.engine = config.engine;
  if (config.accelerator) result.accelerator = config.accelerator->name;
  result.weights_scaled = weights_scaled(config.accelerator);
  result.mitigations.clear();
  for (const SweepMitigation& entry : config.mitigations) result.mitigations.push_back(entry.name);
  for (const Model& model : inputs.models) {
    result.models.push_back({model.name, model.file, model.sha256, model.network.bits(),
                             model.network.coded_parameters()});
  }

  Store store(folder, result.identity);
  const auto grid_points = static_cast<std::int64_t>(config.voltages.size());
  const std::int64_t per_model = (grid_points + most_search_steps(config)) * config.chips;
  Progress progress(
      "sweep",
      per_model * static_cast<std::int64_t>(inputs.models.size() * config.mitigations.size()),
      quiet);

  double seconds = 0.0;
  std::int64_t passes = 0;
  for (const Model& model : inputs.models) {
    CostCache costs(config, model);
    for (const SweepMitigation& mitigation : config.mitigations) {
      ModelSweep run(config, inputs, chips, model, mitigation, costs, store, threads, progress);
      std::vector<Point> grid, extra;
      for (const double voltage : config.voltages) {
        bool computed = false;
        grid.push_back(run.point(voltage, computed));
        result.points_computed += computed ? 1 : 0;
      }
      result.safe_voltage.push_back(search(config, grid, run, result, extra));
      const std::int64_t done =
          (grid_points + static_cast<std::int64_t>(extra.size())) * config.chips;
      if (done < per_model) progress.advance(per_model - done);
      std::sort(extra.begin(), extra.end(),
                [](const Point& a, const Point& b) { return *a.voltage > *b.voltage; });
      result.points.insert(result.points.end(), grid.begin(), grid.end());
      result.extra_points.insert(result.extra_points.end(), extra.begin(), extra.end());
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
