// SPDX-License-Identifier: Apache-2.0
// A point from its chips, and the names of chips.
#include "sim/sweep/point.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "sim/memory/chip.hpp"

namespace brownout::sweep {
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
  EXPECT_DOUBLE_EQ(point.cells_hit_mean, 15.0);
  EXPECT_DOUBLE_EQ(point.bits_wrong_mean, 12.5);
  EXPECT_DOUBLE_EQ(point.codes_changed_mean, 11.5);
  EXPECT_DOUBLE_EQ(point.prop1_excess, proposition1_excess(200, 2));
}

TEST(Point, ChipNamesCountFromTheSeed) {
  EXPECT_EQ(chip_name(7, 0, 1.0), "random:7");
  EXPECT_EQ(chip_name(7, 3, 1.0), "random:10");
  EXPECT_EQ(chip_name(0, 2, 0.25), "random:2,p_err=0.25");
  EXPECT_EQ(memory::make_chip(chip_name(0, 2, 0.25))->name(), "random:2,p_err=0.25");
}

}  // namespace
}  // namespace brownout::sweep
