// SPDX-License-Identifier: Apache-2.0
// Differences on the same chips and images, by hand and against repeated draws.
#include "sim/results/comparison.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "sim/results/statistics.hpp"

namespace brownout::results {
namespace {

using Verdict = Difference::Verdict;

constexpr std::size_t kHundred = 100;  // an image is a point

/// Errors in percent per network and chip; the first images are the wrong ones.
ErrorTables errors(const std::vector<std::vector<double>>& percents) {
  ErrorTables networks;
  for (const std::vector<double>& network : percents) {
    std::vector<WrongImages> tables;
    for (const double percent : network) {
      WrongImages wrong(kHundred);
      for (std::size_t i = 0; i < static_cast<std::size_t>(percent); ++i) wrong[i] = true;
      tables.push_back(wrong);
    }
    networks.push_back(tables);
  }
  return networks;
}

Verdict verdict(Difference difference) {
  difference.p_holm = difference.p;  // the only comparison
  return difference.verdict();
}

TEST(Comparison, PairsChipByChip) {
  // The errors differ a lot from chip to chip, but always by 20 or 24 between the rows: paired,
  // that is clear.
  const ErrorTables high = errors({{30, 74, 50, 94}}), low = errors({{10, 50, 30, 70}});
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
  EXPECT_NEAR(*found.images_standard_error, std::sqrt(0.02 * 0.98 / 99) * 100, 1e-12);
  EXPECT_EQ(verdict(found), Verdict::kNotDecided);
  EXPECT_EQ(verdict(difference(errors({{28, 28}}), errors({{6, 6}}))), Verdict::kHigher);
  EXPECT_EQ(*difference(errors({{6, 9}}), errors({{6, 9}})).p, 1.0);
}

TEST(Comparison, AFewImagesDecideNothingThoughTheyAllAgree) {
  const auto on_images = [](std::int64_t images, std::uint64_t wrong) {
    std::vector<WrongImages> chips;
    for (int chip = 0; chip < 6; ++chip) {
      WrongImages table(static_cast<std::size_t>(images));
      for (std::size_t i = 0; i < table.size(); ++i) table[i] = i < wrong;
      chips.push_back(table);
    }
    return ErrorTables{chips};
  };
  const Difference one = difference(on_images(1, 1), on_images(1, 0));
  EXPECT_EQ(one.mean, 100.0);
  EXPECT_FALSE(one.images_standard_error);
  EXPECT_FALSE(one.p);
  EXPECT_FALSE(one.ci95);
  EXPECT_EQ(one.verdict(), Verdict::kNotDecided);
  const Difference nine = difference(on_images(9, 9), on_images(9, 0));
  EXPECT_TRUE(nine.images_standard_error);
  EXPECT_FALSE(nine.p);
  EXPECT_TRUE(difference(on_images(10, 10), on_images(10, 0)).p);
}

TEST(Comparison, OneChipKnowsItsImagesAlone) {
  const Difference found = difference(errors({{30}}), errors({{10}}));
  EXPECT_FALSE(found.standard_error);
  EXPECT_EQ(found.chips, 1u);
  const double t = 20.0 / *found.images_standard_error;
  EXPECT_NEAR(*found.p, two_sided_p(t, kHundred - 1), 1e-15);
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

TEST(Comparison, TheIntervalIsThatOfTheSourcesAndOneImageMore) {
  // 22 points with a standard error of 4/√3/2 over chips; the images differ too.
  const Difference found = difference(errors({{30, 74, 50, 94}}), errors({{10, 50, 30, 70}}));
  ASSERT_TRUE(found.ci95);
  EXPECT_DOUBLE_EQ((*found.ci95)[0] + (*found.ci95)[1], 2 * found.mean);
  // One chip: Student's t of the images, t(0.975, 99) = 1.98422.
  const Difference one = difference(errors({{30}}), errors({{10}}));
  EXPECT_NEAR((*one.ci95)[1] - one.mean, 1.98421695 * std::hypot(*one.images_standard_error, 1.0),
              1e-6);  // one image of a hundred is a point
  // Where an interval does not reach 0, p is below 0.05.
  for (double low = 4; low <= 28; low += 2) {
    const Difference step = difference(errors({{30, 31}}), errors({{low, low + 2}}));
    EXPECT_LE((*step.ci95)[0] > 0.0, *step.p < 0.05) << low;
  }
}

TEST(Comparison, NetworksThatAgreeOnEveryImageMayDifferOnOthers) {
  const Difference found = difference(errors({{6, 9}}), errors({{6, 9}}));
  EXPECT_GT((*found.ci95)[1], 0.0);
  const Difference one = difference(errors({{6}}), errors({{6}}));
  // 1 - 0.025^(1/100): the largest share that shows no image of 100 in one case of 40.
  EXPECT_NEAR((*one.ci95)[1], 100 * (1 - std::pow(0.025, 0.01)), 1e-9);
  EXPECT_EQ((*one.ci95)[0], -(*one.ci95)[1]);
}

TEST(Comparison, HolmCountsWhatHasNoNumbers) {
  Difference one = difference(errors({{22}}), errors({{10}}));
  adjust_together({&one, nullptr});
  EXPECT_DOUBLE_EQ(*one.p_holm, 2 * *one.p);
}

/// Wrong where level + chip + image + rest is above 0, all of them Gaussian.
ErrorTables draw(double level, const std::vector<double>& chips, const std::vector<double>& images,
                 std::mt19937_64& random) {
  std::normal_distribution<double> gauss;
  ErrorTables networks(1);
  for (const double chip : chips) {
    WrongImages wrong;
    for (const double image : images) {
      wrong.push_back(level + chip + image + 0.5 * gauss(random) > 0.0);
    }
    networks[0].push_back(std::move(wrong));
  }
  return networks;
}

std::vector<double> effects(std::size_t count, double deviation, std::mt19937_64& random) {
  std::normal_distribution<double> gauss;
  std::vector<double> values(count);
  for (double& value : values) value = deviation * gauss(random);
  return values;
}

/// The probability that a sum of Gaussians with these deviations is above 0.
double share_above(double level, double chip, double image, double rest) {
  return 0.5 * std::erfc(-level / std::sqrt(2 * (chip * chip + image * image + rest * rest)));
}

TEST(Comparison, TheIntervalHoldsTheTrueDifferenceInNineteenOfTwentyDraws) {
  // The networks share the chips and images, one has the higher level, and the hidden truth is the
  // difference of their errors over all chips and images.
  constexpr int kDraws = 600;
  struct Case {
    std::size_t chips, images;
    double low, high;  // levels
  };
  for (const Case& one :
       {Case{1, 200, -1.2, -0.9}, Case{2, 200, -1.2, -0.9}, Case{10, 200, -1.2, -0.9},
        Case{10, 100, -1.9, -1.7}, Case{1, 100, -2.2, -2.0}}) {
    std::mt19937_64 random(5);
    // On one chip the chip has no spread that images could show.
    const double chip_spread = one.chips == 1 ? 0.0 : 0.3;
    const double truth = 100 * (share_above(one.high, chip_spread, 1.0, 0.5) -
                                share_above(one.low, chip_spread, 1.0, 0.5));
    int held = 0;
    for (int i = 0; i < kDraws; ++i) {
      const std::vector<double> chips = effects(one.chips, chip_spread, random);
      const std::vector<double> images = effects(one.images, 1.0, random);
      const Difference found =
          difference(draw(one.high, chips, images, random), draw(one.low, chips, images, random));
      held += (*found.ci95)[0] <= truth && truth <= (*found.ci95)[1] ? 1 : 0;
    }
    EXPECT_GE(static_cast<double>(held) / kDraws, 0.95 - 2.5 * std::sqrt(0.05 * 0.95 / kDraws))
        << one.chips << " chips, " << one.images << " images";
  }
}

TEST(Comparison, WithoutADifferenceOneFamilyInTwentyDecidesAny) {
  constexpr int kFamilies = 300, kComparisons = 5;
  std::mt19937_64 random(21);
  for (const std::size_t chips : {2u, 3u, 10u}) {
    int decided = 0;
    for (int i = 0; i < kFamilies; ++i) {
      std::vector<double> p;
      for (int k = 0; k < kComparisons; ++k) {
        // Two networks with the same mean error, each with chip and image effects of its own.
        p.push_back(
            *difference(
                 draw(-1.0, effects(chips, 0.3, random), effects(kHundred, 1.0, random), random),
                 draw(-1.0, effects(chips, 0.3, random), effects(kHundred, 1.0, random), random))
                 .p);
      }
      bool any = false;
      for (const double adjusted : holm_adjusted(p)) any = any || adjusted < 0.05;
      decided += any ? 1 : 0;
    }
    EXPECT_LE(static_cast<double>(decided) / kFamilies,
              0.05 + 2.5 * std::sqrt(0.05 * 0.95 / kFamilies))
        << chips;
  }
}

}  // namespace
}  // namespace brownout::results
