// SPDX-License-Identifier: Apache-2.0
// A row of the store for each chip and voltage or rate; a point from its rows.
#include "sim/runs/model_sweep.hpp"

#include <algorithm>
#include <utility>

#include "sim/base/error.hpp"
#include "sim/experiment/pricing.hpp"
#include "sim/results/sampled_rows.hpp"
#include "sim/technology/protected_memory.hpp"

namespace brownout::runs {

std::string CostCache::key(const mitigation::Mitigations& mitigations) const {
  return results::count_key(target_.setup.target, network_.model(), mitigation::stages(mitigations),
                            images_);
}

const experiment::NetworkCost& CostCache::of(const mitigation::Mitigations& mitigations) {
  const int stages = mitigation::stages(mitigations);
  const auto found = by_stages_.find(stages);
  if (found != by_stages_.end()) return found->second;
  const std::string key = this->key(mitigations);
  const experiment::Model& model = network_.model();
  const experiment::Target& target = network_.with(mitigations);
  std::optional<experiment::CountedRun> run = results::find_count(store_, key);
  if (!run) {
    run = experiment::count_run(model, target, images_, config_.setup.simulator);
    results::add_count(store_, key, model.name, target_.name, *run);
  }
  return by_stages_.try_emplace(stages, model, target, images_, *std::move(run)).first->second;
}

std::string level_text(const SweepConfig& config, double level) {
  return config.by_rate() ? fmt::format("{:.3g} % bit errors", 100.0 * level)
                          : fmt::format("{:.4f} Vmin", level);
}

bool ModelSweep::has_clean(const SweepBench& bench, const SweepTarget& target,
                           std::size_t network) {
  const results::RecordKeys keys(
      bench.targets[target.errors_of].setup, bench.config.technology_sha256,
      bench.inputs.networks[target.errors_of][network]->model(), bench.inputs.used);
  return bench.store.find(keys.clean()).has_value();
}

ModelSweep::ModelSweep(const SweepBench& bench, const SweepTarget& target, std::size_t network,
                       const SweepMitigation& mitigation)
    : bench_(bench),
      config_(bench.config),
      target_(target),
      setup_(target.setup),
      error_target_(bench.targets[target.errors_of]),
      error_network_(*bench.inputs.networks[target.errors_of][network]),
      model_(error_network_.model()),
      mitigation_(mitigation),
      images_(bench.inputs.images.count),
      supplies_(setup_.technology, setup_.target.with(mitigation.what), setup_.rates),
      protection_(setup_.target.with(mitigation.what).protection(model_.network->bits())),
      store_(bench.store),
      keys_(error_target_.setup, config_.technology_sha256, model_, bench.inputs.used) {
  if (!config_.by_rate()) {
    steps_ = supplies_.steps(bench.first_chip);
    levels_ = results::search_levels(config_.voltages,
                                     std::min(1.0, setup_.technology->highest_voltage()),
                                     config_.safe.tolerance, steps_);
  }
  clean_ = clean();
}

std::string ModelSweep::key(const chips::Chip& chip, double level) const {
  return keys_.chip(mitigation_.identity, chip.identity(), swept(conditions(evaluated(level))));
}

results::ChipResult ModelSweep::add_chip(const chips::Chip& chip, double level) {
  const experiment::Conditions at = conditions(evaluated(level));
  results::ChipResult result = evaluator().on_chip(chip, at, clean_);
  results::add_chip(store_, key(chip, level), model_.name, mitigation_.name, swept(at), result);
  return result;
}

results::ChipResult ModelSweep::chip(const chips::Chip& chip, double level, bool& computed) {
  const std::string key = this->key(chip, level);
  std::optional<results::ChipResult> result = results::find_chip(store_, key, images_);
  computed = !result || (bench_.added != nullptr && bench_.added->take(key));
  if (!result) result = add_chip(chip, level);
  result->place = chip.place();
  return std::move(*result);
}

bool ModelSweep::within_limit(const chips::Chip& chip, double level) {
  bool computed = false;
  return within_limit(this->chip(chip, level, computed));
}

results::DieOutcome ModelSweep::decide(const chips::Chip& chip, double level) {
  const results::DieLimit limit{
      images_, results::most_lost(config_.safe.max_drop_points, clean_.wrong, images_),
      config_.decision_error(levels_.voltages.size())};
  const results::SweptPoint swept = this->swept(conditions(level));
  const std::string key =
      keys_.sampled(mitigation_.identity, swept,
                    {{"die", chip.identity()}, {"lost", limit.lost}, {"error", limit.error}});
  std::optional<results::DieOutcome> outcome = results::find_outcome(store_, key, images_);
  if (!outcome) {
    outcome = evaluator().within(chip, conditions(level), clean_, limit,
                                 results::image_order(images_, chip.die().number));
    results::add_outcome(store_, key, model_.name, mitigation_.name, swept, chip.name(), *outcome);
  }
  return *outcome;
}

bool ModelSweep::within_limit(const results::ChipResult& result) const {
  return results::drop_points(result.wrong, clean_.wrong, images_) <= config_.safe.max_drop_points;
}

results::Point ModelSweep::errors(const Chips& chips, double level, bool& computed,
                                  std::vector<results::ChipResult>* results) {
  computed = false;
  std::vector<results::ChipResult> list;
  for (const std::unique_ptr<chips::Chip>& chip : chips) {
    bool missing = false;
    list.push_back(this->chip(*chip, level, missing));
    computed = computed || missing;
    tick(level);
  }
  results::Point point = results::summarize(clean_, list, images_);
  point.model = model_.name;
  point.accelerator = target_.name;
  point.mitigation = mitigation_.name;
  const experiment::Conditions at = conditions(level);
  point.voltage = at.voltage;
  point.rate = results::configured_rate(chips, at.weights, list);
  if (setup_.target.accelerator) {
    point.memories = results::memory_uses({at.weights.voltage, point.rate}, at.others,
                                          results::any_by_voltage(chips), list);
  }
  if (results != nullptr) *results = std::move(list);
  return point;
}

results::Point ModelSweep::point(const Chips& chips, double level, CostCache& costs, bool& computed,
                                 std::vector<results::ChipResult>* results) {
  results::Point point = errors(chips, level, computed, results);
  price(costs, point);
  return point;
}

/// Relative energy and area of the weight memory, as far as a voltage and a technology give them,
/// and all that the accelerator has to the point.
void ModelSweep::price(CostCache& costs, results::Point& point) const {
  if (point.voltage) {
    point.energy_sram_rel = supplies_.weight_energy_relative(*point.voltage, protection_);
  }
  if (setup_.technology) {
    point.weight_area_rel = technology::area_relative(*setup_.technology, protection_);
  }
  add_cost(costs, point);
}

void ModelSweep::complete(double level, const weights::ReadStats& read, CostCache& costs,
                          results::Point& point) const {
  point.model = model_.name;
  point.accelerator = target_.name;
  point.mitigation = mitigation_.name;
  const experiment::Conditions at = conditions(level);
  point.voltage = at.voltage;
  point.rate = at.weights.rate;
  if (setup_.target.accelerator) {
    point.memories = results::memory_uses({at.weights.voltage, point.rate}, at.others,
                                          /*by_voltage=*/false, read, {});
  }
  price(costs, point);
}

void ModelSweep::tick(double level) {
  ++ticks_;
  bench_.progress.advance(1, fmt::format("{}{} at {}", model_.name,
                                         mitigation_.what.any() ? ", " + mitigation_.name : "",
                                         level_text(config_, level)));
}

/// Cycles on the accelerator, if there is one, and the energy at a voltage; simulated once, priced
/// per voltage.
void ModelSweep::add_cost(CostCache& costs, results::Point& point) const {
  if (!setup_.target.accelerator) return;
  const experiment::NetworkCost& cost = costs.of(mitigation_.what);
  point.cycles = cost.cycles_per_image();
  point.latency_ms = cost.latency_ms();
  if (!point.voltage) return;  // nothing can be priced
  const EnergyRange energy = cost.energy(*setup_.technology, *point.voltage, mitigation_.what);
  const experiment::RelativeEnergy relative = experiment::relative_energy(energy, costs.at_vmin());
  point.energy = energy.value;
  point.price_basis = cost.basis(*setup_.technology, *point.voltage, mitigation_.what);
  point.energy_rel = relative.rel;
  point.energy_ends = relative.ends;
  point.access_share = relative.access_share;
}

Evaluator& ModelSweep::evaluator() {
  if (!evaluator_) {
    EvaluatorOptions options;
    options.threads = bench_.threads;
    options.reuse = true;
    options.keep_logits = config_.precision.has_value();  // strata need them
    evaluator_ = std::make_unique<Evaluator>(model_, bench_.inputs.images, error_target_.setup,
                                             error_network_.with(mitigation_.what), options);
  }
  return *evaluator_;
}

results::CleanResult ModelSweep::clean() {
  const std::string key = keys_.clean();
  std::optional<results::CleanResult> result = results::find_clean(store_, key, images_);
  if (!result) {
    result = evaluator().clean();
    results::add_clean(store_, key, model_.name, *result);
  }
  return std::move(*result);
}

}  // namespace brownout::runs
