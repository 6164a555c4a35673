// SPDX-License-Identifier: Apache-2.0
// A row of the store for each block of chips; a point from its stages.
#include "sim/runs/adaptive_model.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "sim/base/error.hpp"
#include "sim/chips/random_chip.hpp"
#include "sim/results/places.hpp"
#include "sim/results/sampled_rows.hpp"

namespace brownout::runs {

namespace {

/// A block takes about so many multiply-adds, a fifth of a second, and has at most so many chips.
constexpr double kBlockMacs = 1.5e10;
constexpr std::int64_t kBlockChips = 64;

results::ErrorSpread spread_of(double clean, const results::SampledError& error) {
  results::ErrorSpread spread;
  spread.mean = 100.0 * (clean + error.change);
  if (error.std_over_chips) spread.std = 100.0 * *error.std_over_chips;
  spread.ci95 = {std::max(0.0, spread.mean - 100.0 * error.around[0]),
                 std::min(100.0, spread.mean + 100.0 * error.around[1])};
  return spread;
}

/// A mean over the chips of all stages.
template <typename Number>
double mean_over_samples(const std::vector<results::SampledStage>& done, const Number& number) {
  double sum = 0.0, chips = 0.0;
  for (const results::SampledStage& stage : done) {
    for (const results::SampledChip& chip : stage.chips) sum += static_cast<double>(number(chip));
    chips += static_cast<double>(stage.chips.size());
  }
  return sum / chips;
}

std::vector<double> confidences_of(const std::vector<results::SampledStage>& done) {
  std::vector<double> list;
  for (const results::SampledStage& stage : done) {
    for (const results::SampledChip& chip : stage.chips) list.push_back(chip.confidence);
  }
  return list;
}

std::int64_t images_evaluated(const std::vector<results::SampledStage>& done) {
  std::int64_t images = 0;
  for (const results::SampledStage& stage : done) {
    for (const results::SampledChip& chip : stage.chips) {
      for (const results::StratumCount& count : chip.strata) images += count.sampled;
    }
  }
  return images;
}

}  // namespace

results::SampleCost sample_cost(const experiment::Model& model) {
  const network::Network& network = *model.network;
  const network::Shapes shapes = network::check(network, model.file.string());
  results::SampleCost cost{kMacsPerCell * static_cast<double>(network.coded_bits()), 0.0};
  for (const network::NodeIndex i : network.nodes.indices()) {
    const network::Shape& output = shapes[network::value_of(i)];
    for (const network::ParameterIndex index : network::parameters_of(network.nodes[i].op)) {
      const network::Parameter& parameter = network.parameters[index];
      if (parameter.role != network::Role::kWeight) continue;
      cost.image += static_cast<double>(parameter.size()) * output.height * output.width;
    }
  }
  return cost;
}

bool AdaptiveModel::has_clean(const SweepBench& bench, const SweepTarget& target,
                              std::size_t network) {
  const results::RecordKeys keys(
      bench.targets[target.errors_of].setup, bench.config.technology_sha256,
      bench.inputs.networks[target.errors_of][network]->model(), bench.inputs.used);
  return bench.store.find(keys.clean()) && bench.store.find(keys.strata());
}

AdaptiveModel::AdaptiveModel(const SweepBench& bench, const SweepTarget& target,
                             std::size_t network, const SweepMitigation& mitigation)
    : bench_(bench),
      mitigation_(mitigation),
      model_(bench.inputs.networks[target.errors_of][network]->model()),
      sweep_(bench, target, network, mitigation),
      cost_(sample_cost(model_)) {
  strata_ = strata();
  plan_.emplace(*strata_, cost_, *bench.config.precision);
}

results::ImageStrata AdaptiveModel::strata() {
  const std::string key = sweep_.keys().strata();
  const std::int64_t images = bench_.inputs.images.count;
  if (auto stored = results::find_strata(bench_.store, key, images)) return std::move(*stored);
  const results::CleanResult& clean = sweep_.clean_result();
  // A run that was killed may have stored the one row and not the other.
  const std::vector<float> logits =
      clean.logits.empty() ? sweep_.evaluator().clean().logits : clean.logits;
  results::ImageStrata strata(
      clean.wrong_images,
      results::margins_of(logits, static_cast<std::size_t>(model_.network->classes)));
  results::add_strata(bench_.store, key, model_.name, strata);
  return strata;
}

std::uint64_t AdaptiveModel::seed(std::int64_t chip) const {
  return static_cast<std::uint64_t>(bench_.config.seed + chip);
}

double AdaptiveModel::cost(const results::SampleStage& block) const {
  return static_cast<double>(block.count) * cost(results::images_of(block.images));
}

std::vector<results::SampleStage> AdaptiveModel::blocks(const results::SampleStage& stage) const {
  results::SampleStage one = stage;
  one.count = 1;
  const auto chips =
      std::clamp(static_cast<std::int64_t>(kBlockMacs / cost(one)), std::int64_t{1}, kBlockChips);
  std::vector<results::SampleStage> blocks;
  for (std::int64_t done = 0; done < stage.count; done += chips) {
    blocks.push_back({stage.first + done, std::min(chips, stage.count - done), stage.images});
  }
  return blocks;
}

std::string AdaptiveModel::key(double level, const results::SampleStage& block) const {
  const SweepConfig& config = bench_.config;
  const Json what = {{"first_chip", results::chip_name(seed(block.first), 0, config.errors)},
                     {"chips", block.count},
                     {"strata", strata_->sizes()},
                     {"images", block.images}};
  return sweep_.keys().sampled(mitigation_.identity, ModelSweep::swept(sweep_.conditions(level)),
                               what);
}

void AdaptiveModel::evaluate(double level, const results::SampleStage& block) {
  const std::string key = this->key(level, block);
  if (bench_.store.find(key)) return;
  const experiment::Conditions at = sweep_.conditions(level);
  std::vector<results::SampledChip> chips;
  for (std::int64_t i = block.first; i < block.first + block.count; ++i) {
    const chips::RandomChip chip(seed(i), bench_.config.errors);
    chips.push_back(sweep_.evaluator().on_sample(
        chip, at, sweep_.clean_result(), *strata_, block.images,
        results::sample(*strata_, block.images, results::sample_start(seed(i)))));
  }
  results::add_sampled(bench_.store, key, model_.name, mitigation_.name, ModelSweep::swept(at),
                       results::chip_name(seed(block.first), 0, bench_.config.errors), chips);
}

results::SampledStage AdaptiveModel::stored(double level, const results::SampleStage& stage) const {
  results::SampledStage result{stage, {}};
  for (const results::SampleStage& block : blocks(stage)) {
    std::optional<std::vector<results::SampledChip>> chips =
        results::find_sampled(bench_.store, key(level, block), block.count, strata_->count());
    BROWNOUT_CHECK(chips, "chips from {} on at {} are missing", block.first, level);
    std::move(chips->begin(), chips->end(), std::back_inserter(result.chips));
  }
  return result;
}

results::Point AdaptiveModel::point(double level, const std::vector<results::SampledStage>& done,
                                    CostCache& costs) const {
  constexpr double kUsual = 0.95;  // of the fields that all sweeps have
  const results::PrecisionTarget& target = *bench_.config.precision;
  const results::CleanResult& clean = sweep_.clean_result();
  results::Point point;
  point.images = bench_.inputs.images.count;
  point.chips = done.back().what.first + done.back().what.count;
  point.err = clean.err(point.images);
  point.err_ci95 = clean.err_ci95(point.images);
  point.confidence_clean = clean.confidence;
  const double err = point.err / 100.0;
  point.rerr = spread_of(err, plan_->error(done, kUsual));
  point.rerr_either = spread_of(err, plan_->error_either(done, kUsual));
  point.confidence = results::spread(confidences_of(done));
  point.cells_hit_mean = mean_over_samples(done, [](const auto& chip) { return chip.cells_hit; });
  point.bits_wrong_mean = mean_over_samples(done, [](const auto& chip) { return chip.bits_wrong; });
  point.codes_changed_mean =
      mean_over_samples(done, [](const auto& chip) { return chip.codes_changed; });

  const results::SampledError error = plan_->error(done, target.confidence);
  const results::ErrorSpread asked = spread_of(err, error);
  results::Precision precision;
  precision.target = target;
  precision.interval = *asked.ci95;
  // An error lies between 0 and 100 %.
  precision.half_width_points =
      std::max(asked.mean - (*asked.ci95)[0], (*asked.ci95)[1] - asked.mean);
  precision.error = 100.0 * error.error;
  precision.degrees = error.degrees;
  precision.reached = plan_->reached(done);
  precision.evaluations = images_evaluated(done);
  for (const results::SampledStage& stage : done) precision.stages.push_back(stage.what);
  point.precision = std::move(precision);

  const weights::ReadStats read{std::llround(point.cells_hit_mean),
                                std::llround(point.bits_wrong_mean),
                                std::llround(point.codes_changed_mean)};
  sweep_.complete(level, read, costs, point);
  if (point.memories) {
    point.memories->weights.cells_hit_mean = point.cells_hit_mean;
    point.memories->weights.bits_wrong_mean = point.bits_wrong_mean;
  }
  return point;
}

}  // namespace brownout::runs
