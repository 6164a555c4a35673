// SPDX-License-Identifier: Apache-2.0
// Clean pass, then chip by chip.
#include "sim/runs/eval.hpp"

#include "sim/base/error.hpp"
#include "sim/base/progress.hpp"
#include "sim/experiment/network_cost.hpp"
#include "sim/runs/evaluator.hpp"
#include "sim/runs/weight_noise.hpp"
#include "sim/technology/protected_memory.hpp"

namespace brownout::runs {

namespace {

using ChipList = std::vector<std::unique_ptr<chips::Chip>>;

/// Checked before anything takes time: with no words there are no faults, but all checks.
ChipList make_chips(EvalConfig& config, const chips::OperatingPoint& at) {
  ChipList chips;
  for (const std::string& name : config.chips) {
    chips.push_back(config.files.make(name));
    chips.back()->faults(memory::MemoryId::kWeights, 0, at);
  }
  return chips;
}

/// The energy of an inference, and of one on the unprotected accelerator at Vmin.
EvalCost cost_of(const experiment::Setup& setup, const experiment::Model& model,
                 const experiment::Target& target, std::int64_t images, double voltage) {
  const technology::Technology& technology = *setup.technology;
  const experiment::NetworkCost cost(model, target, images, setup.simulator);
  EvalCost result;
  result.cycles = cost.cycles_per_image();
  result.latency_ms = cost.latency_ms();
  const EnergyRange energy = cost.energy(technology, voltage);
  result.energy = energy.value;
  const auto unprotected_at_vmin = [&] {
    if (!setup.target.mitigations().any()) return cost.at_vmin(technology);
    const experiment::Target unprotected(model, setup.target.with({}));
    return experiment::NetworkCost(model, unprotected, images, setup.simulator).at_vmin(technology);
  };
  result.relative = experiment::relative_energy(energy, unprotected_at_vmin());
  result.dram = experiment::dram_price(technology,
                                       experiment::own_dram_price(setup.target.accelerator->dram));
  return result;
}

/// What protects the weight memory, and what an access to it takes.
void price_weights(const experiment::Setup& setup, const network::Network& network,
                   EvalResult& result) {
  if (!setup.technology) return;
  const mitigation::Protection protection = setup.target.protection(network.bits());
  result.weight_area_rel = technology::area_relative(*setup.technology, protection);
  if (result.voltage) {
    result.energy_sram_rel = setup.supplies().weight_energy_relative(*result.voltage, protection);
  }
}

/// The clean pass, and one on each chip if there are conditions.
void evaluate(Evaluator& evaluator, const ChipList& chips,
              const std::optional<experiment::Conditions>& at, bool quiet, EvalResult& result) {
  Progress progress("eval", static_cast<std::int64_t>(chips.size()) + 1, quiet);
  result.clean = evaluator.clean();
  progress.advance(
      1, fmt::format("clean {:.2f} %", results::percent(result.clean.wrong, result.images)));
  for (const std::unique_ptr<chips::Chip>& chip : chips) {
    if (!at) break;
    result.chips.push_back(evaluator.on_chip(*chip, *at, result.clean));
    progress.advance(1, fmt::format("{} {:.2f} %", result.chips.back().chip,
                                    results::percent(result.chips.back().wrong, result.images)));
  }
  progress.finish();
  result.seconds = evaluator.seconds();
  result.images_per_s =
      static_cast<double>(evaluator.passes() * result.images) / evaluator.seconds();
}

/// Statistics over the chips.
void summarize_chips(const ChipList& chips, const experiment::Conditions& at, EvalResult& result) {
  result.rate = results::configured_rate(chips, at.weights, result.chips);
  result.point = results::summarize(result.clean, result.chips, result.images);
  result.point->mitigation_means =
      results::mean_counts(result.config.setup.target.mitigations(), result.chips);
  result.point->model = result.model;
  result.point->rate = *result.rate;
  result.point->voltage = result.voltage;
  const auto& accelerator = result.config.setup.target.accelerator;
  if (accelerator) result.point->accelerator = accelerator->name;
  result.point->energy_sram_rel = result.energy_sram_rel;
}

}  // namespace

EvalResult described(const experiment::Setup& setup, const experiment::Model& model,
                     const experiment::OpenImages& images) {
  EvalResult result;
  result.model = model.name;
  result.model_sha256 = model.sha256;
  result.bits = model.network->bits();
  result.weights = model.network->coded_parameters();
  result.images = images.count;
  result.labelled = images.labelled();
  if (setup.technology) {
    result.technology = setup.technology->name();
    result.rail = setup.technology->rail().text();
  }
  return result;
}

std::vector<float> all_logits(const EvalResult& result) {
  std::vector<float> all = result.clean.logits;
  for (const results::ChipResult& chip : result.chips) {
    all.insert(all.end(), chip.logits.begin(), chip.logits.end());
  }
  return all;
}

EvalResult run_eval(EvalConfig config, int threads, bool quiet) {
  if (config.weight_noise) return run_noise_eval(std::move(config), threads, quiet);
  const experiment::Setup& setup = config.setup;
  const std::optional<experiment::Conditions> at =
      setup.supplies().resolve(config.voltage, config.rate);
  if (at) experiment::check_engine(setup.engine, at->others);
  const bool scaled = setup.supplies().weights_scaled();
  const ChipList chips =
      make_chips(config, at ? (scaled ? at->weights : at->rail) : chips::OperatingPoint{});
  const experiment::Model model = experiment::load_model(config.model);
  const experiment::OpenImages images = experiment::open(setup.images);
  engines::check_fits(*model.network, *images.data, model.file.string());
  const experiment::Target target(model, setup.target);
  EvaluatorOptions options;
  options.threads = threads;
  options.list_cells = config.list_cells;
  options.keep_logits = config.keep_logits;
  Evaluator evaluator(model, images, setup, target, options);

  EvalResult result = described(setup, model, images);
  result.config = config;
  if (at) result.voltage = at->voltage;
  result.weights_scaled = scaled;
  price_weights(setup, *model.network, result);
  evaluate(evaluator, chips, at, quiet, result);
  if (at) summarize_chips(chips, *at, result);
  if (setup.target.accelerator) {
    const experiment::Conditions conditions = at.value_or(experiment::Conditions{});
    chips::OperatingPoint weights = conditions.weights;
    if (at && scaled) weights.rate = *result.rate;
    result.memories = results::memory_uses(weights, conditions.others,
                                           results::any_by_voltage(chips), result.chips);
    result.cost = cost_of(setup, model, target, images.count, result.voltage.value_or(1.0));
  }
  return result;
}

}  // namespace brownout::runs
