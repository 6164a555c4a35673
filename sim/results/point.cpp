// SPDX-License-Identifier: Apache-2.0
// Means and spreads over the chips of a point.
#include "sim/results/point.hpp"

#include <algorithm>
#include <utility>

#include "sim/base/error.hpp"

namespace brownout::results {

double percent(std::int64_t wrong, std::int64_t images) {
  return 100.0 * static_cast<double>(wrong) / static_cast<double>(images);
}

double drop_points(std::int64_t wrong, std::int64_t wrong_clean, std::int64_t images) {
  return 100.0 * static_cast<double>(wrong - wrong_clean) / static_cast<double>(images);
}

namespace {

/// Of fractions, whose interval lies within [0, 1].
Spread share_spread(const std::vector<double>& fractions, std::int64_t images) {
  Spread result = spread(fractions);
  if (!result.std || *result.std == 0.0) return result;
  const auto count = static_cast<double>(fractions.size());
  const Source chips{*result.std * *result.std / count, count - 1};
  result.ci95 = share_interval(result.mean, {chips}, images);
  return result;
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
  const auto mean = [&](const auto& of) {
    double sum = 0.0;
    for (const ChipResult& result : results) sum += static_cast<double>(of(result));
    return sum / static_cast<double>(results.size());
  };
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
  point.err = percent(clean.wrong, images);
  point.err_ci95 = error_interval(clean.wrong, images);
  point.confidence_clean = clean.confidence;

  const auto same_die = [&](const ChipResult& chip) {
    return chip.place && chip.place->die == chips.front().place->die;
  };
  point.places =
      chips.size() > 1 && chips.front().place && std::all_of(chips.begin(), chips.end(), same_die);

  std::vector<std::int64_t> wrong, wrong_either;
  std::vector<WrongImages> which, which_either;
  std::vector<double> confidence, cells, bits, codes;
  for (const ChipResult& chip : chips) {
    wrong.push_back(chip.wrong);
    wrong_either.push_back(chip.wrong_either);
    if (!chip.wrong_images.empty()) {
      which.push_back(chip.wrong_images);
      which_either.push_back(wrong_in_either(clean.wrong_images, chip.wrong_images));
    }
    confidence.push_back(chip.confidence);
    cells.push_back(static_cast<double>(chip.read.cells_hit));
    bits.push_back(static_cast<double>(chip.read.bits_wrong));
    codes.push_back(static_cast<double>(chip.read.codes_changed));
  }
  const bool all = which.size() == chips.size();
  point.rerr = all ? error_spread(which) : error_spread(wrong, images);
  const double excess = proposition1_excess(images, point.chips);
  if (point.rerr.mean + excess < 100.0) point.prop1_excess = excess;
  if (point.places) {
    std::vector<double> errors;
    std::vector<std::uint64_t> offsets;
    for (const ChipResult& chip : chips) {
      errors.push_back(percent(chip.wrong, images));
      offsets.push_back(chip.place->offset);
    }
    point.rerr_positions = spread_over_positions(errors, offsets);
  }
  point.rerr_either = all ? error_spread(which_either) : error_spread(wrong_either, images);
  if (all) point.wrong_images = std::move(which);
  point.confidence = share_spread(confidence, images);
  point.cells_hit_mean = spread(cells).mean;
  point.bits_wrong_mean = spread(bits).mean;
  point.codes_changed_mean = spread(codes).mean;
  return point;
}

}  // namespace brownout::results
