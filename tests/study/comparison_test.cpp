// SPDX-License-Identifier: Apache-2.0
// Differences on the same chips and images, by hand and against repeated draws.
#include "sim/study/comparison.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "sim/results/statistics.hpp"

namespace brownout::study {
namespace {

using Verdict = Difference::Verdict;

constexpr std::size_t kImages = 100;  // an image is a point

/// Errors in percent per network and chip; the first images are the wrong ones.
Measured errors(const Samples& percents) {
  Measured measured;
  measured.samples = percents;
  for (const std::vector<double>& network : percents) {
    std::vector<results::WrongImages> tables;
    for (const double percent : network) {
      results::WrongImages wrong(kImages);
      for (std::size_t i = 0; i < static_cast<std::size_t>(percent); ++i) wrong[i] = true;
      tables.push_back(wrong);
    }
    measured.wrong.push_back(tables);
  }
  return measured;
}

Verdict verdict(Difference difference) {
  difference.p_holm = difference.p;  // the only comparison
  return difference.verdict();
}

TEST(Comparison, PairsChipByChip) {
  // The errors differ a lot from chip to chip, but always by 20 or 24 between the rows: paired,
  // that is clear.
  const Measured high = errors({{30, 74, 50, 94}}), low = errors({{10, 50, 30, 70}});
  const Difference found = difference(high, low);
  EXPECT_DOUBLE_EQ(found.mean, 22.0);
  // Sample deviation of 20, 24, 20, 24 is 4·sqrt(1/3).
  EXPECT_NEAR(*found.standard_error, 4.0 / std::sqrt(3.0) / 2, 1e-12);
  EXPECT_EQ(found.chips, 4u);
  EXPECT_FALSE(found.seeds_standard_error);
  EXPECT_EQ(verdict(found), Verdict::kHigher);
  EXPECT_EQ(verdict(difference(low, high)), Verdict::kLower);
}

TEST(Comparison, TwoChipsAreNotEnoughForWhatTheyDisagreeOn) {
  // Differences of 12 and 20 points are more than four standard errors, but t = 4 on one degree of
  // freedom.
  const Difference found = difference(errors({{22, 50}}), errors({{10, 30}}));
  EXPECT_DOUBLE_EQ(found.mean, 16.0);
  EXPECT_DOUBLE_EQ(*found.standard_error, 4.0);
  EXPECT_GT(*found.p, 0.05);
  EXPECT_EQ(verdict(found), Verdict::kNotDecided);
}

TEST(Comparison, EqualChipsAreNoSurerThanTheirImages) {
  // Two more images of 100 on every chip: there is no deviation over chips, but it is only two
  // images.
  const Difference found = difference(errors({{8, 8, 8, 8}}), errors({{6, 6, 6, 6}}));
  EXPECT_DOUBLE_EQ(found.mean, 2.0);
  EXPECT_LT(*found.standard_error, 0.2);
  EXPECT_NEAR(found.images_standard_error, std::sqrt(0.02 * 0.98 / 99) * 100, 1e-12);
  EXPECT_EQ(verdict(found), Verdict::kNotDecided);
  EXPECT_EQ(verdict(difference(errors({{28, 28}}), errors({{6, 6}}))), Verdict::kHigher);
  EXPECT_EQ(*difference(errors({{6, 9}}), errors({{6, 9}})).p, 1.0);
}

TEST(Comparison, OneChipKnowsItsImagesAlone) {
  const Difference found = difference(errors({{30}}), errors({{10}}));
  EXPECT_FALSE(found.standard_error);
  EXPECT_EQ(found.chips, 1u);
  const double t = 20.0 / found.images_standard_error;
  EXPECT_NEAR(*found.p, results::two_sided_p(t, kImages - 1), 1e-15);
  EXPECT_EQ(verdict(found), Verdict::kHigher);
}

TEST(Comparison, SeedsAreAveragedOnEachChipAndPairedAsNetworks) {
  const Difference found = difference(errors({{40, 60}, {80, 100}}), errors({{10, 30}, {30, 50}}));
  EXPECT_DOUBLE_EQ(found.mean, 40.0);  // 60 - 20 and 80 - 40
  // Network by network 30 and 50: deviation sqrt(200), standard error 10.
  EXPECT_NEAR(*found.seeds_standard_error, 10.0, 1e-12);
  EXPECT_FALSE(difference(errors({{4, 6}, {8, 10}}), errors({{1, 3}})).seeds_standard_error);
  // Two seeds that disagree decide nothing, whatever chips and images say.
  EXPECT_EQ(verdict(found), Verdict::kNotDecided);
}

TEST(Comparison, OnlyChipsThatBothHaveCount) {
  const Difference found = difference(errors({{50, 60, 100}}), errors({{10, 20}}));
  EXPECT_EQ(found.chips, 2u);
  EXPECT_DOUBLE_EQ(found.mean, 40.0);
}

TEST(Comparison, DecidesByTheAdjustedP) {
  Difference found = difference(errors({{30, 74, 50, 94}}), errors({{10, 50, 30, 70}}));
  EXPECT_EQ(found.verdict(), Verdict::kNotDecided);  // not adjusted yet
  found.p_holm = 0.051;
  EXPECT_EQ(found.verdict(), Verdict::kNotDecided);
  found.p_holm = 0.049;
  EXPECT_EQ(found.verdict(), Verdict::kHigher);
}

/// Wrong where level + chip + image + rest is above 0, all of them Gaussian.
Measured draw(double level, const std::vector<double>& chips, const std::vector<double>& images,
              std::mt19937_64& random) {
  std::normal_distribution<double> gauss;
  Measured measured{{{}}, {{}}};
  for (const double chip : chips) {
    results::WrongImages wrong;
    for (const double image : images) {
      wrong.push_back(level + chip + image + 0.5 * gauss(random) > 0.0);
    }
    measured.samples[0].push_back(100.0 * static_cast<double>(results::count(wrong)) /
                                  static_cast<double>(wrong.size()));
    measured.wrong[0].push_back(std::move(wrong));
  }
  return measured;
}

TEST(Comparison, WithoutADifferenceOneFamilyInTwentyDecidesAny) {
  constexpr int kFamilies = 300, kComparisons = 5;
  std::mt19937_64 random(21);
  std::normal_distribution<double> gauss;
  const auto effects = [&](std::size_t count, double deviation) {
    std::vector<double> values(count);
    for (double& value : values) value = deviation * gauss(random);
    return values;
  };
  for (const std::size_t chips : {2u, 3u, 10u}) {
    int decided = 0;
    for (int i = 0; i < kFamilies; ++i) {
      std::vector<double> p;
      for (int k = 0; k < kComparisons; ++k) {
        // Two networks with the same mean error, each with chip and image effects of its own.
        p.push_back(*difference(draw(-1.0, effects(chips, 0.3), effects(kImages, 1.0), random),
                                draw(-1.0, effects(chips, 0.3), effects(kImages, 1.0), random))
                         .p);
      }
      bool any = false;
      for (const double adjusted : results::holm_adjusted(p)) any = any || adjusted < 0.05;
      decided += any ? 1 : 0;
    }
    EXPECT_LE(static_cast<double>(decided) / kFamilies,
              0.05 + 2.5 * std::sqrt(0.05 * 0.95 / kFamilies))
        << chips;
  }
}

}  // namespace
}  // namespace brownout::study
