// SPDX-License-Identifier: Apache-2.0
// Means and spreads over the chips of a point.
#include "sim/results/point.hpp"

#include <algorithm>
#include <utility>

#include "sim/base/error.hpp"

namespace brownout::results {

double drop_points(std::int64_t wrong, std::int64_t wrong_clean, std::int64_t images) {
  return 100.0 * static_cast<double>(wrong - wrong_clean) / static_cast<double>(images);
}

namespace {

template <typename Number>
double mean_over(const std::vector<ChipResult>& chips, const Number& number) {
  double sum = 0.0;
  for (const ChipResult& chip : chips) sum += static_cast<double>(number(chip));
  return sum / static_cast<double>(chips.size());
}

/// Of fractions, whose interval lies within [0, 1].
Spread share_spread(const std::vector<double>& fractions, std::int64_t images) {
  Spread result = spread(fractions);
  if (!result.std || *result.std == 0.0) return result;
  const auto count = static_cast<double>(fractions.size());
  const Source chips{*result.std * *result.std / count, count - 1};
  result.ci95 = share_interval(result.mean, {chips}, images);
  return result;
}

/// Whether the chips are several places of one die.
bool on_one_die(const std::vector<ChipResult>& chips) {
  if (chips.size() < 2 || !chips.front().place) return false;
  return std::all_of(chips.begin(), chips.end(), [&](const ChipResult& chip) {
    return chip.place && chip.place->die == chips.front().place->die;
  });
}

/// Of places, in percent.
PositionSpread position_spread(const std::vector<ChipResult>& chips, std::int64_t images) {
  std::vector<double> errors;
  std::vector<std::uint64_t> offsets;
  for (const ChipResult& chip : chips) {
    errors.push_back(percent(chip.wrong, images));
    offsets.push_back(chip.place->offset);
  }
  return spread_over_positions(errors, offsets);
}

/// From the wrong images, if all chips know them, else from their numbers.
void add_errors(const CleanResult& clean, const std::vector<ChipResult>& chips, Point& point) {
  std::vector<std::int64_t> wrong, wrong_either;
  std::vector<WrongImages> which, which_either;
  for (const ChipResult& chip : chips) {
    wrong.push_back(chip.wrong);
    wrong_either.push_back(chip.wrong_either);
    if (chip.wrong_images.empty()) continue;
    which.push_back(chip.wrong_images);
    which_either.push_back(wrong_in_either(clean.wrong_images, chip.wrong_images));
  }
  const bool all = which.size() == chips.size();
  point.rerr = all ? error_spread(which) : error_spread(wrong, point.images);
  point.rerr_either = all ? error_spread(which_either) : error_spread(wrong_either, point.images);
  if (all) point.wrong_images = std::move(which);
}

Sample sample_of(const ChipResult& chip) {
  Sample sample{chip.chip,       std::nullopt,        chip.wrong,          chip.wrong_either,
                chip.confidence, chip.read.cells_hit, chip.read.bits_wrong};
  if (chip.place) sample.place = chip.place->offset;
  return sample;
}

}  // namespace

MemoryUses memory_uses(const chips::OperatingPoint& weights, const experiment::MemoryPoints& others,
                       bool by_voltage, const std::vector<ChipResult>& results) {
  MemoryUses uses;
  uses.weights = {weights.voltage, weights.rate, 0.0, 0.0};
  uses.input = {others.input.voltage, others.input.rate, 0.0, 0.0};
  uses.activations = {others.activations.voltage, others.activations.rate, 0.0, 0.0};
  uses.accumulators = {others.accumulators.voltage, others.accumulators.rate, 0.0, 0.0};
  if (results.empty()) return uses;
  const auto mean = [&](const auto& of) { return mean_over(results, of); };
  uses.weights.cells_hit_mean = mean([](const ChipResult& r) { return r.read.cells_hit; });
  uses.weights.bits_wrong_mean = mean([](const ChipResult& r) { return r.read.bits_wrong; });
  const auto fill = [&](MemoryUse& use,
                        experiment::MemoryResult experiment::MemoryResults::*memory) {
    if (by_voltage)
      use.rate = mean([&](const ChipResult& r) { return (r.others.*memory).cell_rate; });
    use.cells_hit_mean = mean([&](const ChipResult& r) { return (r.others.*memory).cells_hit; });
    use.bits_wrong_mean =
        mean([&](const ChipResult& r) { return (r.others.*memory).bits_wrong.value_or(0); });
    if (!(results.front().others.*memory).bits_wrong) use.bits_wrong_mean.reset();
  };
  fill(uses.input, &experiment::MemoryResults::input);
  fill(uses.activations, &experiment::MemoryResults::activations);
  fill(uses.accumulators, &experiment::MemoryResults::accumulators);
  return uses;
}

MemoryUses memory_uses(const chips::OperatingPoint& weights, const experiment::MemoryPoints& others,
                       bool by_voltage, const weights::ReadStats& read,
                       const experiment::MemoryResults& results) {
  ChipResult chip;
  chip.read = read;
  chip.others = results;
  return memory_uses(weights, others, by_voltage, {chip});
}

Point summarize(const CleanResult& clean, const std::vector<ChipResult>& chips,
                std::int64_t images) {
  BROWNOUT_CHECK(images > 0, "a point of {} images", images);
  Point point;
  point.images = images;
  point.chips = static_cast<std::int64_t>(chips.size());
  point.places = on_one_die(chips);
  point.err = clean.err(images);
  point.err_ci95 = clean.err_ci95(images);
  point.confidence_clean = clean.confidence;
  add_errors(clean, chips, point);
  const double excess = proposition1_excess(images, point.chips);
  if (point.rerr.mean + excess < 100.0) point.prop1_excess = excess;
  if (point.places) point.rerr_positions = position_spread(chips, images);
  std::vector<double> confidence;
  for (const ChipResult& chip : chips) confidence.push_back(chip.confidence);
  for (const ChipResult& chip : chips) point.samples.push_back(sample_of(chip));
  point.confidence = share_spread(confidence, images);
  point.cells_hit_mean = mean_over(chips, [](const ChipResult& c) { return c.read.cells_hit; });
  point.bits_wrong_mean = mean_over(chips, [](const ChipResult& c) { return c.read.bits_wrong; });
  point.codes_changed_mean =
      mean_over(chips, [](const ChipResult& c) { return c.read.codes_changed; });
  point.cell_rate_mean = mean_over(chips, [](const ChipResult& c) { return c.cell_rate; });
  return point;
}

std::vector<std::pair<std::string, double>> mean_counts(const mitigation::Mitigations& mitigations,
                                                        const std::vector<ChipResult>& chips) {
  std::vector<std::pair<std::string, double>> means;
  for (const ChipResult& chip : chips) {
    std::size_t i = 0;
    for (const mitigation::NamedCount& one :
         mitigation::named_counts(mitigations, {chip.protection, chip.repair})) {
      if (one.in_table == nullptr) continue;
      if (i == means.size()) means.emplace_back(one.in_table, 0.0);
      means[i++].second += static_cast<double>(one.count);
    }
  }
  for (auto& [name, mean] : means) mean /= static_cast<double>(chips.size());
  return means;
}

std::optional<double> Point::energy_delay_uj_ms() const {
  if (!energy || !latency_ms) return std::nullopt;
  return energy->total() * *latency_ms;
}

Savings Point::savings() const {
  const auto saved = [](double relative) { return 100.0 * (1.0 - relative); };
  Savings savings;
  savings.access_pct = saved(*energy_sram_rel);
  if (energy_rel) savings.all_pct = saved(*energy_rel);
  if (energy_ends) {
    savings.all_ends_pct = {{saved(energy_ends->rel[0]), saved(energy_ends->rel[1])}};
  }
  return savings;
}

}  // namespace brownout::results
