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

/// The operating point of every memory, and the chips that fail there.
struct EvalPoint {
  std::optional<experiment::Conditions> at;
  bool weights_scaled = true;
  ChipList chips;
};

/// Checked before anything takes time: with no words there are no faults, but all checks.
EvalPoint point_of(EvalConfig& config) {
  const experiment::Supplies supplies = config.setup.supplies();
  EvalPoint point{supplies.resolve(config.voltage, config.rate), supplies.weights_scaled(), {}};
  const std::optional<experiment::Conditions>& at = point.at;
  if (at) experiment::check_engine(config.setup.engine, at->others);
  const chips::OperatingPoint failing =
      at ? (point.weights_scaled ? at->weights : at->rail) : chips::OperatingPoint{};
  for (const std::string& name : config.chips) {
    point.chips.push_back(config.files.make(name));
    point.chips.back()->faults(memory::MemoryId::kWeights, 0, failing);
  }
  return point;
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

struct EvalBench::Parts {
  Parts(const EvalConfig& first, int threads)
      : model(first.network ? *first.network : experiment::load_model(first.model)),
        images(open_for(model, first.setup.images)),
        setup(first.setup),
        target(model, setup.target),
        evaluator(model, images, setup, target, options_of(first, threads)) {}

  static experiment::OpenImages open_for(const experiment::Model& model,
                                         const experiment::Images& images) {
    experiment::OpenImages open = experiment::open(images);
    engines::check_fits(*model.network, *open.data, model.file.string());
    return open;
  }

  static EvaluatorOptions options_of(const EvalConfig& first, int threads) {
    EvaluatorOptions options;
    options.threads = threads;
    options.list_cells = first.list_cells;
    options.keep_logits = first.keep_logits;
    return options;
  }

  /// The clean pass, and one on each chip if there are conditions.
  void evaluate(const EvalPoint& point, bool quiet, EvalResult& result) {
    Progress progress("eval", static_cast<std::int64_t>(point.chips.size()) + 1, quiet);
    if (!clean) {
      clean = evaluator.clean();
      clean_seconds = evaluator.seconds();
    }
    const double seconds = evaluator.seconds() - clean_seconds;
    const std::int64_t passes = evaluator.passes() - 1;
    result.clean = *clean;
    progress.advance(
        1, fmt::format("clean {:.2f} %", results::percent(result.clean.wrong, result.images)));
    for (const std::unique_ptr<chips::Chip>& chip : point.chips) {
      if (!point.at) break;
      result.chips.push_back(evaluator.on_chip(*chip, *point.at, result.clean));
      progress.advance(1, fmt::format("{} {:.2f} %", result.chips.back().chip,
                                      results::percent(result.chips.back().wrong, result.images)));
    }
    progress.finish();
    result.seconds = evaluator.seconds() - seconds;
    result.images_per_s =
        static_cast<double>((evaluator.passes() - passes) * result.images) / result.seconds;
  }

  /// The energy of an inference, and of one on the unprotected accelerator at Vmin.
  EvalCost cost_at(double voltage) {
    const technology::Technology& technology = *setup.technology;
    if (!cost) cost.emplace(model, target, images.count, setup.simulator);
    if (!unprotected && setup.target.mitigations().any()) {
      unprotected.emplace(model, experiment::Target(model, setup.target.with({})), images.count,
                          setup.simulator);
    }
    EvalCost result;
    result.cycles = cost->cycles_per_image();
    result.latency_ms = cost->latency_ms();
    const EnergyRange energy = cost->energy(technology, voltage);
    result.energy = energy.value;
    result.relative = experiment::relative_energy(
        energy, (unprotected ? *unprotected : *cost).at_vmin(technology));
    result.dram = experiment::dram_price(
        technology, experiment::own_dram_price(setup.target.accelerator->dram));
    return result;
  }

  const experiment::Model model;
  const experiment::OpenImages images;
  const experiment::Setup setup;
  const experiment::Target target;
  Evaluator evaluator;
  std::optional<results::CleanResult> clean;
  double clean_seconds = 0.0;
  std::optional<experiment::NetworkCost> cost, unprotected;

  EvalResult run(EvalConfig config, const EvalPoint& point, bool quiet) {
    EvalResult result = described(setup, model, images);
    result.config = std::move(config);
    const std::optional<experiment::Conditions>& at = point.at;
    if (at) result.voltage = at->voltage;
    result.weights_scaled = point.weights_scaled;
    price_weights(setup, *model.network, result);
    evaluate(point, quiet, result);
    if (at) summarize_chips(point.chips, *at, result);
    if (setup.target.accelerator) {
      const experiment::Conditions conditions = at.value_or(experiment::Conditions{});
      chips::OperatingPoint weights = conditions.weights;
      if (at && point.weights_scaled) weights.rate = *result.rate;
      result.memories = results::memory_uses(weights, conditions.others,
                                             results::any_by_voltage(point.chips), result.chips);
      result.cost = cost_at(result.voltage.value_or(1.0));
    }
    return result;
  }
};

EvalBench::EvalBench(const EvalConfig& first, int threads)
    : parts_(std::make_unique<Parts>(first, threads)) {}
EvalBench::~EvalBench() = default;

EvalResult EvalBench::run(EvalConfig config, bool quiet) {
  const EvalPoint point = point_of(config);
  return parts_->run(std::move(config), point, quiet);
}

EvalResult run_eval(EvalConfig config, int threads, bool quiet) {
  if (config.weight_noise) return run_noise_eval(std::move(config), threads, quiet);
  point_of(config);  // its errors come before the work
  EvalBench bench(config, threads);
  return bench.run(std::move(config), quiet);
}

}  // namespace brownout::runs
