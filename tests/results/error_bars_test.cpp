// SPDX-License-Identifier: Apache-2.0
// Error bars by hand, and against repeated draws of a known truth.
#include "sim/results/error_bars.hpp"

#include <gtest/gtest.h>

#include <boost/math/distributions/normal.hpp>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <random>

#include "sim/base/error.hpp"

namespace brownout::results {
namespace {

TEST(WrongImages, ComeBackFromTheirDigits) {
  const WrongImages wrong{true, false, false, true, false, false, true};
  EXPECT_EQ(to_hex(wrong), "92");
  EXPECT_EQ(wrong_images_from_hex("92", 7), wrong);
  EXPECT_EQ(count(wrong), 3);
  EXPECT_EQ(wrong_in_either(wrong, {false, true, false, true, false, false, false}),
            (WrongImages{true, true, false, true, false, false, true}));
  EXPECT_EQ(to_hex({}), "");
  std::mt19937_64 random(5);
  for (const std::int64_t images : {1, 3, 4, 5, 8, 999}) {
    WrongImages some(static_cast<std::size_t>(images));
    for (std::size_t i = 0; i < some.size(); ++i) some[i] = random() % 3 == 0;
    EXPECT_EQ(wrong_images_from_hex(to_hex(some), images), some);
  }
}

TEST(WrongImages, OtherTextsAreRefused) {
  for (const char* text : {"", "9", "921", "9g", "9A", "93"}) {  // "93": an eighth image of seven
    EXPECT_THROW(wrong_images_from_hex(text, 7), InputError) << text;
  }
}

TEST(CrossedTable, SeparatesChipsImagesAndRest) {
  // Chip effects ±1/4, image effects ±1/8, rest 0 but for the last image pair.
  CrossedTable table(4);
  table.add_chip(std::vector<double>{0.875, 0.625, 0.75, 0.75});
  table.add_chip(std::vector<double>{0.375, 0.125, 0.5, 0.0});
  EXPECT_DOUBLE_EQ(table.mean(), 0.5);
  // Means of the chips 0.75 and 0.25: deviation² 1/8.
  EXPECT_DOUBLE_EQ(table.over_chips()->variance, 0.125 / 2);
  EXPECT_DOUBLE_EQ(table.over_chips()->degrees, 1.0);
  // Means of the images 5/8, 3/8, 5/8, 3/8: deviation² 4/64/3.
  EXPECT_DOUBLE_EQ(table.over_images()->variance, 4.0 / 64 / 3 / 4);
  EXPECT_DOUBLE_EQ(table.over_images()->degrees, 3.0);
  // The rest is ±1/8 on the last two images: 4/64 over (2 - 1)(4 - 1), a mean square of 1/48.
  EXPECT_NEAR(table.over_images_alone()->variance, 4.0 / 64 / 3 / 4 - 1.0 / 48 / 8, 1e-15);
}

TEST(CrossedTable, OneChipKnowsImagesAlone) {
  CrossedTable table(4);
  table.add_chip(WrongImages{true, false, false, false});
  EXPECT_FALSE(table.over_chips());
  EXPECT_DOUBLE_EQ(table.over_images()->variance, 0.25 / 4);  // deviation² 3/4/3
  EXPECT_DOUBLE_EQ(table.over_images_alone()->variance, 0.25 / 4);
}

TEST(CrossedTable, ChipsThatAgreeStillDifferByWhatWholeImagesHide) {
  CrossedTable table(200);
  for (int chip = 0; chip < 3; ++chip) {
    WrongImages wrong(200);
    for (std::size_t i = 0; i < 12; ++i) wrong[i] = true;
    table.add_chip(wrong);
  }
  EXPECT_DOUBLE_EQ(table.over_chips()->variance, 1.0 / 12 / 200 / 200 / 3);
}

TEST(TwoSidedP, IsStudentsTWithOneSource) {
  // t = 4 on one degree of freedom.
  const double pi = std::acos(-1.0);
  EXPECT_NEAR(two_sided_p(4.0, {{1.0, 1.0}}), 1.0 - 2.0 * std::atan(4.0) / pi, 1e-12);
  EXPECT_EQ(two_sided_p(-4.0, {{1.0, 1.0}}), two_sided_p(4.0, {{1.0, 1.0}}));
  EXPECT_EQ(two_sided_p(0.0, {{1.0, 1.0}}), 1.0);
  EXPECT_EQ(two_sided_p(0.0, {{0.0, 1.0}}), 1.0);
  EXPECT_EQ(two_sided_p(0.1, {{0.0, 1.0}}), 0.0);
}

TEST(TwoSidedP, OfTwoSourcesIsThatOfTheWeightedT) {
  // Equal variances with equal degrees: Student's t of their sum.
  EXPECT_NEAR(two_sided_p(2.0, {{1.0, 9.0}, {1.0, 9.0}}), two_sided_p(2.0, {{2.0, 9.0}}), 1e-12);
  // Two sources on 1 and 2 degrees, whose t have closed forms in the tail q = p/2:
  // t₁ = cot(π·q), t₂ = (1 - 2q)/√(2q(1 - q)).
  const double p = two_sided_p(6.0, {{3.0, 1.0}, {1.0, 2.0}});
  const double q = p / 2;
  const double t1 = 1.0 / std::tan(std::acos(-1.0) * q);
  const double t2 = (1 - 2 * q) / std::sqrt(2 * q * (1 - q));
  EXPECT_NEAR((3.0 * t1 + t2) / 4.0, 6.0 / 2.0, 1e-9);
  EXPECT_LT(two_sided_p(1e6, {{1.0, 9.0}, {1.0, 900.0}}), 1e-40);
}

TEST(ErrorInterval, IsClopperAndPearsons) {
  // None of n: 1 - 0.025^(1/n).
  EXPECT_EQ(error_interval(0, 200)[0], 0.0);
  EXPECT_NEAR(error_interval(0, 200)[1], 100 * (1 - std::pow(0.025, 1.0 / 200)), 1e-9);
  EXPECT_NEAR(error_interval(200, 200)[0], 100 * std::pow(0.025, 1.0 / 200), 1e-9);
  EXPECT_EQ(error_interval(200, 200)[1], 100.0);
  // The ends are the shares for which so many, or so few, have a probability of 2.5 %.
  const auto [low, high] = error_interval(12, 200);
  const auto at_most = [](int k, double p) {
    double sum = 0.0;
    for (int i = 0; i <= k; ++i) {
      sum += std::exp(std::lgamma(201.0) - std::lgamma(i + 1.0) - std::lgamma(201.0 - i) +
                      i * std::log(p) + (200 - i) * std::log(1 - p));
    }
    return sum;
  };
  EXPECT_NEAR(1 - at_most(11, low / 100), 0.025, 1e-9);
  EXPECT_NEAR(at_most(12, high / 100), 0.025, 1e-9);
}

TEST(ErrorSpread, OneChipHasAnIntervalOverImagesAlone) {
  WrongImages wrong(200);
  for (std::size_t i = 0; i < 12; ++i) wrong[i] = true;
  const ErrorSpread found = error_spread({wrong});
  EXPECT_DOUBLE_EQ(found.mean, 6.0);
  EXPECT_FALSE(found.std);
  EXPECT_FALSE(found.ci95);
  EXPECT_NEAR(*found.images_se, 100 * std::sqrt(0.06 * 0.94 / 199), 1e-12);
  EXPECT_EQ(*found.ci95_all, error_interval(12, 200));
}

TEST(ErrorSpread, NoWrongImageLeavesAnErrorOverImages) {
  const ErrorSpread none = error_spread(std::vector<WrongImages>{WrongImages(10, false)});
  const double share = 0.5 / 11.0;
  EXPECT_DOUBLE_EQ(*none.images_se, 100.0 * std::sqrt(share * (1.0 - share) / 10.0));
  const ErrorSpread all = error_spread(std::vector<WrongImages>(3, WrongImages(10, true)));
  EXPECT_DOUBLE_EQ(*all.images_se, *none.images_se);
}

TEST(ErrorSpread, EqualChipsStillLeaveTheImages) {
  WrongImages wrong(200);
  for (std::size_t i = 0; i < 12; ++i) wrong[i] = true;
  const ErrorSpread found = error_spread({wrong, wrong, wrong, wrong, wrong});
  EXPECT_EQ(found.mean, 6.0);
  EXPECT_EQ(*found.std, 0.0);
  EXPECT_NEAR(*found.images_se, 1.68, 0.01);
  EXPECT_LT((*found.ci95)[1] - (*found.ci95)[0], 0.4);  // over chips, for these images
  EXPECT_NEAR((*found.ci95_all)[0], error_interval(12, 200)[0], 0.1);
  EXPECT_NEAR((*found.ci95_all)[1], error_interval(12, 200)[1], 0.1);
}

TEST(ErrorSpread, IntervalsStayWithinZeroAndAHundred) {
  std::mt19937_64 random(3);
  for (int i = 0; i < 3000; ++i) {
    const auto images = static_cast<std::int64_t>(1 + random() % 40);
    std::vector<WrongImages> chips(1 + random() % 5);
    for (WrongImages& chip : chips) {
      chip.resize(static_cast<std::size_t>(images));
      const std::uint64_t kind = random() % 4;  // none, all, rare, often
      for (std::size_t k = 0; k < chip.size(); ++k) {
        chip[k] = kind == 0 ? false : kind == 1 ? true : random() % (kind == 2 ? 20 : 2) == 0;
      }
    }
    const ErrorSpread found = error_spread(chips);
    for (const auto& interval : {found.ci95, found.ci95_all}) {
      if (!interval) continue;
      EXPECT_GE((*interval)[0], 0.0);
      EXPECT_LE((*interval)[0], found.mean + 1e-9);
      EXPECT_GE((*interval)[1], found.mean - 1e-9);
      EXPECT_LE((*interval)[1], 100.0);
    }
  }
  // Two chips at 0 and 32 % once gave an interval from -187 to 219 %.
  EXPECT_GE((*error_spread({0, 64}, 200).ci95)[0], 0.0);
  // Many images and chips: the number of images that the interval is worth is large.
  const std::vector<std::int64_t> equal(50, 600);
  EXPECT_NEAR((*error_spread(equal, 10000).ci95)[1], 6.0, 0.001);
}

/// An image is wrong where effect of the chip + effect of the image + rest > threshold, all
/// Gaussian, so that all means are known: Φ.
struct Truth {
  double mean;                 // over all chips and images
  double chips, images, rest;  // deviations
};

class Draw {
 public:
  Draw(const Truth& truth, std::size_t images, std::mt19937_64& random)
      : truth_(truth), random_(random), effects_(images) {
    const double deviation = std::sqrt(truth.chips * truth.chips + truth.images * truth.images +
                                       truth.rest * truth.rest);
    level_ = deviation * boost::math::quantile(boost::math::normal(), truth.mean);
    for (double& effect : effects_) effect = truth.images * gauss();
  }
  WrongImages chip() {
    const double level = level_ + truth_.chips * gauss();
    WrongImages wrong(effects_.size());
    for (std::size_t i = 0; i < wrong.size(); ++i) {
      wrong[i] = level + effects_[i] + (truth_.rest == 0.0 ? 0.0 : truth_.rest * gauss()) > 0.0;
    }
    return wrong;
  }
  /// Over all chips, of these images.
  double mean_of_images() const {
    const double deviation = std::sqrt(truth_.chips * truth_.chips + truth_.rest * truth_.rest);
    double sum = 0.0;
    for (const double effect : effects_) {
      const double z = level_ + effect;
      sum += deviation == 0.0 ? (z > 0.0 ? 1.0 : 0.0)
                              : 0.5 * std::erfc(-z / deviation / std::sqrt(2.0));
    }
    return sum / static_cast<double>(effects_.size());
  }

 private:
  double gauss() { return gauss_(random_); }

  Truth truth_;
  std::mt19937_64& random_;
  std::normal_distribution<double> gauss_;
  std::vector<double> effects_;
  double level_ = 0.0;
};

bool holds(const std::array<double, 2>& interval, double share) {
  return interval[0] - 1e-9 <= 100.0 * share && 100.0 * share <= interval[1] + 1e-9;
}

TEST(ErrorSpread, IntervalsHoldTheTruthNineteenTimesInTwenty) {
  // Deviations as errors have them: networks near their clean error, half broken ones, and at
  // chance.
  const std::vector<Truth> truths{
      {0.002, 0.2, 2.0, 1.0}, {0.01, 0.2, 2.0, 1.0}, {0.06, 0.0, 1.0, 0.0}, {0.06, 0.1, 3.0, 1.0},
      {0.06, 0.3, 1.0, 1.0},  {0.3, 0.5, 1.0, 1.0},  {0.3, 1.0, 1.0, 1.0},  {0.5, 2.0, 0.5, 1.0},
      {0.9, 0.0, 0.0, 1.0},   {0.9, 0.3, 0.3, 1.0}};
  constexpr int kDraws = 300;
  constexpr std::size_t kImages = 200;
  std::mt19937_64 random(11);
  for (const Truth& truth : truths) {
    for (const int count : {1, 2, 3, 5, 10}) {
      if (count == 1 && truth.chips > 0.0) continue;  // one chip says nothing of others
      int over_chips = 0, over_all = 0;
      for (int i = 0; i < kDraws; ++i) {
        Draw draw(truth, kImages, random);
        std::vector<WrongImages> chips;
        for (int c = 0; c < count; ++c) chips.push_back(draw.chip());
        const ErrorSpread found = error_spread(chips);
        over_chips += count == 1 || holds(*found.ci95, draw.mean_of_images()) ? 1 : 0;
        over_all += holds(*found.ci95_all, truth.mean) ? 1 : 0;
      }
      // 95 % minus 2.5 standard deviations of this number of draws.
      const double least = 0.95 - 2.5 * std::sqrt(0.95 * 0.05 / kDraws);
      EXPECT_GE(static_cast<double>(over_chips) / kDraws, least) << truth.mean << ", " << count;
      EXPECT_GE(static_cast<double>(over_all) / kDraws, least) << truth.mean << ", " << count;
      if (std::getenv("SHOW_COVERAGE") != nullptr) {
        std::printf("mean %g, deviations %g %g %g, %2d chips: %.3f over chips, %.3f over all\n",
                    truth.mean, truth.chips, truth.images, truth.rest, count,
                    static_cast<double>(over_chips) / kDraws,
                    static_cast<double>(over_all) / kDraws);
      }
    }
  }
}

TEST(TwoSidedP, RejectsATrueNullAtMostOnceInTwenty) {
  // Two networks with the same truth, whose chip effects are independent, on the same images.
  constexpr int kDraws = 600;
  std::mt19937_64 random(12);
  for (const int count : {2, 3, 5, 10}) {
    int over_all = 0;
    for (int i = 0; i < kDraws; ++i) {
      Draw a({0.2, 0.3, 1.0, 0.7}, 100, random), b({0.2, 0.3, 1.0, 0.7}, 100, random);
      CrossedTable table(100);
      for (int c = 0; c < count; ++c) {
        const WrongImages x = a.chip(), y = b.chip();
        std::vector<double> values;
        for (std::size_t k = 0; k < x.size(); ++k) {
          values.push_back((x[k] ? 1.0 : 0.0) - (y[k] ? 1.0 : 0.0));
        }
        table.add_chip(values);
      }
      const std::vector<Source> sources{*table.over_chips(), *table.over_images_alone()};
      over_all += two_sided_p(table.mean(), sources) < 0.05 ? 1 : 0;
    }
    EXPECT_LE(static_cast<double>(over_all) / kDraws, 0.05 + 2.5 * std::sqrt(0.0475 / kDraws))
        << count;
  }
}

}  // namespace
}  // namespace brownout::results
