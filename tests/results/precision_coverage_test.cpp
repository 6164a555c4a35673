// SPDX-License-Identifier: Apache-2.0
// Whole sweeps drawn from a known truth: how often the interval of the point contains it.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <random>
#include <string>

#include "sim/results/precision.hpp"

namespace brownout::results {
namespace {

constexpr std::int64_t kImages = 2000, kWrong = 200;
constexpr std::size_t kStrata = 7;
constexpr int kSweeps = 1000;

/// The probability that an image of each stratum changes on a chip.
using Changes = std::array<double, kStrata>;

/// A population of chips: each is a number in (0, 1).
struct Population {
  std::string name;
  double half_width_points;
  std::function<Changes(double chip)> changes;
};

Changes times(const Changes& changes, double factor) {
  Changes result{};
  for (std::size_t h = 0; h < kStrata; ++h) result[h] = std::clamp(changes[h] * factor, 0.0, 1.0);
  return result;
}

constexpr Changes kUsual{0.15, 0.30, 0.22, 0.15, 0.08, 0.03, 0.005};

/// A standard normal number with that probability below it; good to three digits.
double normal(double below) {
  const double p = std::min(below, 1.0 - below);
  const double t = std::sqrt(-2.0 * std::log(p));
  const double z = t - (2.515517 + t * (0.802853 + t * 0.010328)) /
                           (1.0 + t * (1.432788 + t * (0.189269 + t * 0.001308)));
  return below < 0.5 ? -z : z;
}

const std::vector<Population>& populations() {
  static const std::vector<Population> list{
      {"normal", 0.25, [](double chip) { return times(kUsual, 1.0 + 0.5 * normal(chip)); }},
      {"lognormal", 0.5, [](double chip) { return times(kUsual, std::exp(0.8 * normal(chip))); }},
      {"one chip in 30 is terrible", 0.5,
       [](double chip) {
         return chip < 1.0 / 30.0 ? Changes{0.5, 0.8, 0.75, 0.7, 0.65, 0.6, 0.55}
                                  : times(kUsual, 0.3);
       }},
      {"low rate", 0.1, [](double) { return times(kUsual, 0.01); }},
      {"very low rate", 0.1, [](double) { return times(kUsual, 0.001); }},
      {"all equal", 0.2, [](double) { return kUsual; }},
      {"most chips do not change", 0.1,
       [](double chip) { return chip < 0.9 ? Changes{} : times(kUsual, 0.3); }},
  };
  return list;
}

ImageStrata strata() {
  WrongImages wrong(kImages, false);
  std::vector<float> margins;
  for (std::int64_t i = 0; i < kImages; ++i) {
    wrong[static_cast<std::size_t>(i)] = i < kWrong;
    margins.push_back(static_cast<float>(i));
  }
  return {wrong, margins};
}

/// RErr - Err of all chips, in percent.
double truth(const Population& population, const ImageStrata& strata) {
  constexpr int kChips = 300'000;
  double sum = 0.0;
  for (int i = 0; i < kChips; ++i) {
    const Changes changes = population.changes((i + 0.5) / kChips);
    for (std::size_t h = 0; h < kStrata; ++h) {
      sum += (h == 0 ? -1.0 : 1.0) * changes[h] * static_cast<double>(strata.size(h));
    }
  }
  return 100.0 * sum / kChips / static_cast<double>(kImages);
}

SampledStage evaluate(const SampleStage& stage, const ImageStrata& strata,
                      const Population& population, std::mt19937_64& random) {
  std::uniform_real_distribution<double> unit(0.0, 1.0);
  SampledStage result{stage, {}};
  for (std::int64_t i = 0; i < stage.count; ++i) {
    SampledChip chip;
    chip.strata.resize(kStrata);
    const Changes changes = population.changes(unit(random));
    for (const SampledImage& image : sample(strata, stage.images, unit(random))) {
      StratumCount& count = chip.strata[image.stratum];
      ++count.sampled;
      if (unit(random) >= changes[image.stratum]) continue;
      ++(image.stratum == 0 ? count.became_right : count.became_wrong);
    }
    result.chips.push_back(std::move(chip));
  }
  return result;
}

class Coverage : public testing::TestWithParam<Population> {};

TEST_P(Coverage, IsAtLeast94Percent) {
  const ImageStrata strata = results::strata();
  ASSERT_EQ(strata.count(), kStrata);
  const double expected = truth(GetParam(), strata);
  const PrecisionTarget target{GetParam().half_width_points, 0.95, 1'000'000};
  const PrecisionPlan plan(strata, {10.0, 1.0}, target);
  std::mt19937_64 random(20260101);
  int covered = 0;
  double chips = 0.0, images = 0.0;
  for (int sweep = 0; sweep < kSweeps; ++sweep) {
    std::vector<SampledStage> done;
    while (const std::optional<SampleStage> stage = plan.next(done)) {
      done.push_back(evaluate(*stage, strata, GetParam(), random));
    }
    ASSERT_TRUE(plan.reached(done));
    const SampledError error = plan.error(done, target.confidence);
    const double mean = 100.0 * error.change;
    ASSERT_LE(100.0 * std::max(error.around[0], error.around[1]), target.half_width_points);
    covered +=
        mean - 100.0 * error.around[0] <= expected && expected <= mean + 100.0 * error.around[1];
    for (const SampledStage& stage : done) {
      chips += static_cast<double>(stage.what.count) / kSweeps;
      images += static_cast<double>(stage.what.count) * images_of(stage.what.images) / kSweeps;
    }
  }
  const double share = 100.0 * covered / kSweeps;
  std::printf("%-28s truth %8.4f  coverage %.2f %%, %.0f chips, %.0f images\n",
              GetParam().name.c_str(), expected, share, chips, images);
  EXPECT_GE(share, 94.0);
}

INSTANTIATE_TEST_SUITE_P(Populations, Coverage, testing::ValuesIn(populations()),
                         [](const auto& one) {
                           std::string name = one.param.name;
                           std::replace_if(
                               name.begin(), name.end(), [](char c) { return c == ' '; }, '_');
                           return name;
                         });

}  // namespace
}  // namespace brownout::results
