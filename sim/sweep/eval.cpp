// SPDX-License-Identifier: Apache-2.0
// Clean pass, then chip by chip.
#include "sim/sweep/eval.hpp"

#include "sim/base/error.hpp"
#include "sim/base/progress.hpp"
#include "sim/engines/evaluate.hpp"
#include "sim/sweep/configuration.hpp"
#include "sim/sweep/network_cost.hpp"
#include "sim/sweep/weight_noise.hpp"

namespace brownout::sweep {

namespace {

/// The energy of an inference, and of one on the unprotected accelerator at Vmin.
EvalCost cost_of(const EvalConfig& config, const Model& model,
                 const technology::Technology& technology) {
  const auto simulate = [&](const mapping::AcceleratorConfig& accelerator) {
    return NetworkCost(model.network, accelerator, config.batch, config.bit_offset, config.images,
                       model.file.string());
  };
  const NetworkCost cost = simulate(*config.accelerator);
  EvalCost result;
  result.cycles = cost.cycles_per_image();
  const technology::EnergyRange energy = cost.energy(technology, config.voltage.value_or(1.0));
  result.energy = energy.value;
  mapping::AcceleratorConfig unprotected = *config.accelerator;
  unprotected.weights.mitigations = {};
  result.relative =
      relative_energy(energy, config.mitigations.any() ? simulate(unprotected).at_vmin(technology)
                                                       : cost.at_vmin(technology));
  return result;
}

}  // namespace

EvalResult run_eval(EvalConfig config, int threads, bool quiet) {
  if (config.weight_noise) return run_noise_eval(std::move(config), threads, quiet);
  // Names and rates are checked before anything takes time. With no words there are no faults, but
  // all checks.
  std::optional<technology::Technology> technology;
  if (!config.technology_file.empty()) {
    technology = technology::Technology::load(config.technology_file);
    config.rail = technology->rail().text();
  }
  const chips::OperatingPoint at =
      accessed(technology ? &*technology : nullptr,
               {config.voltage.value_or(1.0), config.rate.value_or(0.0)},
               config.voltage.has_value() || !config.rate, config.mitigations);
  check_engine(config.engine, config.others);
  std::vector<std::unique_ptr<chips::Chip>> chips;
  for (const std::string& name : config.chips) {
    chips.push_back(chips::make_chip(name));
    chips.back()->faults(memory::MemoryId::kWeights, 0, at);
  }
  const Model model = load_model(config.model);
  const data::Dataset data =
      load_images(config.dataset, config.split, config.data_folder, config.images);
  engines::check_fits(model.network, data, model.file.string());

  EvaluatorOptions options;
  options.engine = config.engine;
  options.images = config.images;
  options.threads = threads;
  options.bit_offset = config.bit_offset;
  options.evaluation_seed = config.evaluation_seed;
  options.list_cells = config.list_cells;
  options.fresh_reads = config.fresh_reads;
  options.mitigations = config.mitigations;
  options.selection = config.selection;
  options.accelerator = config.accelerator ? &*config.accelerator : nullptr;
  options.batch = config.batch;
  options.batch_statistics = config.batch_statistics;
  Evaluator evaluator(model, data, options);

  EvalResult result;
  result.model = model.name;
  result.model_sha256 = model.sha256;
  result.bits = model.network.bits();
  result.weights = model.network.coded_parameters();

  if (technology) {
    const technology::Protection protection =
        protection_of(config.mitigations, model.network.bits(), config.accelerator);
    result.weight_area_rel = technology::area_relative(*technology, protection);
    if (config.voltage) {
      config.energy_sram_rel =
          weight_energy_relative(*technology, config.accelerator, *config.voltage, protection);
    }
  }

  Progress progress("eval", static_cast<std::int64_t>(chips.size()) + 1, quiet);
  result.clean = evaluator.clean();
  progress.advance(1, fmt::format("clean {:.2f} %", percent(result.clean.wrong, config.images)));
  if (config.rate) {
    for (const std::unique_ptr<chips::Chip>& chip : chips) {
      result.chips.push_back(evaluator.on_chip(*chip, at, result.clean, config.others));
      progress.advance(1, fmt::format("{} {:.2f} %", result.chips.back().chip,
                                      percent(result.chips.back().wrong, config.images)));
    }
    result.point = summarize(result.clean, result.chips, config.images);
    result.point->model = model.name;
    config.rate = configured_rate(chips, at, result.chips);
    result.point->rate = *config.rate;
    result.point->voltage = config.voltage;
    result.point->energy_sram_rel = config.energy_sram_rel;
  }
  progress.finish();
  if (config.accelerator) {
    chips::OperatingPoint weights;
    if (config.rate && weights_scaled(config.accelerator)) weights = {at.voltage, *config.rate};
    result.memories = memory_uses(weights, config.others, any_by_voltage(chips), result.chips);
  }
  if (config.accelerator) result.cost = cost_of(config, model, *technology);

  result.seconds = evaluator.seconds();
  result.images_per_s =
      static_cast<double>(evaluator.passes() * config.images) / evaluator.seconds();
  result.config = std::move(config);
  return result;
}

}  // namespace brownout::sweep
