// SPDX-License-Identifier: Apache-2.0
// A point from its chips, and the names of chips.
#include "sim/results/point.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "sim/chips/chip.hpp"

namespace brownout::results {
namespace {

ChipResult chip(std::int64_t wrong, std::int64_t either, double confidence, std::int64_t cells,
                std::int64_t bits, std::int64_t codes) {
  ChipResult result;
  result.wrong = wrong;
  result.wrong_either = either;
  result.confidence = confidence;
  result.read = {cells, bits, codes};
  return result;
}

TEST(Point, SumsUpItsChips) {
  CleanResult clean;
  clean.wrong = 20;
  clean.confidence = 0.9;
  const Point point =
      summarize(clean, {chip(24, 30, 0.8, 10, 9, 8), chip(28, 36, 0.6, 20, 16, 15)}, 200);
  EXPECT_EQ(point.images, 200);
  EXPECT_EQ(point.chips, 2);
  EXPECT_DOUBLE_EQ(point.err, 10.0);
  EXPECT_DOUBLE_EQ(point.rerr.mean, 13.0);
  EXPECT_DOUBLE_EQ(*point.rerr.std, std::sqrt(2.0));
  EXPECT_DOUBLE_EQ(point.drop(), 3.0);
  EXPECT_DOUBLE_EQ(point.rerr_either.mean, 16.5);
  EXPECT_DOUBLE_EQ(point.confidence_clean, 0.9);
  EXPECT_DOUBLE_EQ(point.confidence.mean, 0.7);
  EXPECT_GE((*point.confidence.ci95)[0], 0.0);  // Student's t has -0.57 … 1.97
  EXPECT_LE((*point.confidence.ci95)[1], 1.0);
  EXPECT_DOUBLE_EQ(point.cells_hit_mean, 15.0);
  EXPECT_DOUBLE_EQ(point.bits_wrong_mean, 12.5);
  EXPECT_DOUBLE_EQ(point.codes_changed_mean, 11.5);
  EXPECT_EQ(point.err_ci95, error_interval(20, 200));
  EXPECT_FALSE(point.rerr.images_se);  // which images were wrong is not known
  EXPECT_FALSE(point.rerr.ci95_all);
}

TEST(Point, PropositionOneSaysNothingAboveAHundredPoints) {
  const auto excess = [](std::size_t chips, std::int64_t images) {
    return summarize({}, std::vector<ChipResult>(chips, chip(0, 0, 0.5, 0, 0, 0)), images)
        .prop1_excess;
  };
  EXPECT_GT(proposition1_excess(200, 2), 100.0);
  EXPECT_FALSE(excess(2, 200));
  EXPECT_DOUBLE_EQ(*excess(25, 100), proposition1_excess(100, 25));  // 91 points
}

TEST(Point, KnowsWhichImagesItsChipsGetWrong) {
  CleanResult clean;
  clean.wrong = 2;
  clean.wrong_images = {true, true, false, false, false, false, false, false, false, false};
  ChipResult a = chip(2, 3, 0.8, 0, 0, 0), b = chip(4, 5, 0.8, 0, 0, 0);
  a.wrong_images = {false, true, true, false, false, false, false, false, false, false};
  b.wrong_images = {false, true, true, true, true, false, false, false, false, false};
  const Point point = summarize(clean, {a, b}, 10);
  EXPECT_DOUBLE_EQ(point.rerr.mean, 30.0);
  EXPECT_DOUBLE_EQ(point.rerr_either.mean, 40.0);
  EXPECT_EQ(*point.rerr.ci95_all, *error_spread({a.wrong_images, b.wrong_images}).ci95_all);
  EXPECT_TRUE(point.rerr_either.images_se);
}

TEST(Point, ChipNamesCountFromTheSeed) {
  EXPECT_EQ(chip_name(7, 0, 1.0), "random:7");
  EXPECT_EQ(chip_name(7, 3, 1.0), "random:10");
  EXPECT_EQ(chip_name(0, 2, 0.25), "random:2,p_err=0.25");
  EXPECT_EQ(chips::make_chip(chip_name(0, 2, 0.25))->name(), "random:2,p_err=0.25");
}

}  // namespace
}  // namespace brownout::results
