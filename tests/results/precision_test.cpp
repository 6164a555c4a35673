// SPDX-License-Identifier: Apache-2.0
// Samples of images by hand and by count, and what the plan of a point decides.
#include "sim/results/precision.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <random>
#include <set>

#include "sim/base/random.hpp"

namespace brownout::results {
namespace {

/// So many images; the first `wrong` ones are wrong, the others have falling margins.
ImageStrata strata_of(std::int64_t images, std::int64_t wrong) {
  WrongImages which(static_cast<std::size_t>(images), false);
  std::vector<float> margins;
  for (std::int64_t i = 0; i < images; ++i) {
    which[static_cast<std::size_t>(i)] = i < wrong;
    margins.push_back(static_cast<float>(images - i));
  }
  return {which, margins};
}

TEST(ImageStrata, HoldTheWrongImagesThenTheRightOnesByTheirMargins) {
  const ImageStrata strata = strata_of(42, 10);
  EXPECT_EQ(strata.sizes(), (std::vector<std::int64_t>{10, 1, 1, 2, 4, 8, 16}));
  // The smallest margins first: those of the last images.
  EXPECT_EQ(strata.order()[0], 9);
  EXPECT_EQ(strata.order()[10], 41);
  EXPECT_EQ(strata.order()[41], 10);
}

TEST(ImageStrata, LeaveOutThoseThatWouldBeEmpty) {
  EXPECT_EQ(strata_of(3, 0).sizes(), (std::vector<std::int64_t>{1, 2}));
  EXPECT_EQ(strata_of(4, 4).sizes(), (std::vector<std::int64_t>{4}));
  EXPECT_EQ(strata_of(1, 0).sizes(), (std::vector<std::int64_t>{1}));
}

TEST(ImageStrata, MarginsAreBetweenTheTwoLargestLogits) {
  EXPECT_EQ(margins_of({1.0f, 5.0f, 3.0f, -1.0f, -4.0f, -1.0f}, 3),
            (std::vector<float>{2.0f, 0.0f}));
  EXPECT_EQ(margins_of({7.0f}, 1), (std::vector<float>{0.0f}));
}

TEST(Sample, HitsEachImageWithItsProbabilityAndNoneTwice) {
  const ImageStrata strata = strata_of(42, 10);
  // 2.5 of 10, 1 of 1, ½ of 1, 1.25 of 2, 1 of 4, ¾ of 8, 4 of 16: 11 in all.
  const Allocation allocation{2560, 1024, 512, 1280, 1024, 768, 4096};
  EXPECT_DOUBLE_EQ(images_of(allocation), 11.0);
  constexpr int kChips = 20'000;
  std::map<std::int64_t, int> hits;
  for (int chip = 0; chip < kChips; ++chip) {
    std::set<std::int64_t> own;
    for (const SampledImage& one :
         sample(strata, allocation, sample_start(static_cast<std::uint64_t>(chip)))) {
      EXPECT_TRUE(own.insert(one.image).second) << one.image;
      ++hits[one.image];
    }
    EXPECT_EQ(own.size(), 11u);
  }
  std::int64_t place = 0;
  for (std::size_t h = 0; h < strata.count(); ++h) {
    const double p = images_of({allocation[h]}) / static_cast<double>(strata.size(h));
    for (std::int64_t i = 0; i < strata.size(h); ++i, ++place) {
      const double deviation = std::sqrt(p * (1.0 - p) / kChips);
      EXPECT_NEAR(hits[strata.order()[static_cast<std::size_t>(place)]] / double{kChips}, p,
                  4.5 * deviation)
          << "stratum " << h << ", image " << i;
    }
  }
}

TEST(Sample, OfAllImagesIsAllImages) {
  const ImageStrata strata = strata_of(1000, 80);
  Allocation all;
  for (const std::int64_t size : strata.sizes()) all.push_back(size * kAllocationUnit);
  for (const double start : {1e-17, 0.3, 1.0 - 1e-16}) {
    const std::vector<SampledImage> list = sample(strata, all, start);
    ASSERT_EQ(list.size(), 1000u) << start;
    for (std::size_t i = 0; i < list.size(); ++i) EXPECT_EQ(list[i].image, strata.order()[i]);
  }
}

TEST(Sample, StartsAreThoseOfTheirDefinition) {
  EXPECT_EQ(sample_start(7), unit_open(Philox(7, Purpose::kImageSample)(0, 0, 0, 0)[0]));
  EXPECT_NE(sample_start(7), sample_start(8));
}

/// Every image of a chip changes with that probability, drawn from the chip's number.
SampledStage evaluated(const SampleStage& stage, const ImageStrata& strata, double probability) {
  SampledStage result{stage, {}};
  for (std::int64_t chip = stage.first; chip < stage.first + stage.count; ++chip) {
    SampledChip shown;
    shown.strata.resize(strata.count());
    std::mt19937_64 random(static_cast<std::uint64_t>(chip));
    std::uniform_real_distribution<double> unit(0.0, 1.0);
    for (const SampledImage& one :
         sample(strata, stage.images, sample_start(static_cast<std::uint64_t>(chip)))) {
      ++shown.strata[one.stratum].sampled;
      if (unit(random) >= probability) continue;
      ++(one.stratum == 0 ? shown.strata[0].became_right : shown.strata[one.stratum].became_wrong);
    }
    result.chips.push_back(std::move(shown));
  }
  return result;
}

std::vector<SampledStage> all_stages(const PrecisionPlan& plan, const ImageStrata& strata,
                                     double probability) {
  std::vector<SampledStage> done;
  while (const std::optional<SampleStage> stage = plan.next(done)) {
    EXPECT_EQ(stage->first, done.empty() ? 0 : done.back().what.first + done.back().what.count);
    EXPECT_GT(stage->count, 0);
    done.push_back(evaluated(*stage, strata, probability));
  }
  return done;
}

TEST(PrecisionPlan, EndsWhenTheIntervalIsAsNarrowAsAsked) {
  const ImageStrata strata = strata_of(1000, 100);
  for (const double width : {2.0, 1.0, 0.5}) {
    const PrecisionPlan plan(strata, {10.0, 1.0}, {width, 0.95, 1'000'000});
    const std::vector<SampledStage> done = all_stages(plan, strata, 0.2);
    const SampledError error = plan.error(done, 0.95);
    EXPECT_TRUE(plan.reached(done));
    EXPECT_LE(100.0 * std::max(error.around[0], error.around[1]), width);
    // It does not evaluate far more than it must.
    if (done.size() > 1) {
      EXPECT_GT(100.0 * error.around[1], 0.85 * width);
    }
    // 900 of 1000 become wrong, 100 right, with probability 0.2: 16 points.
    EXPECT_NEAR(100.0 * error.change, 16.0, 2.0 * width);
  }
}

TEST(PrecisionPlan, TakesNoMoreChipsThanAllowedAndSaysSo) {
  const ImageStrata strata = strata_of(1000, 100);
  for (const std::int64_t most : {2, 100, 300, 1000}) {
    const PrecisionPlan plan(strata, {10.0, 1.0}, {0.01, 0.95, most});
    const std::vector<SampledStage> done = all_stages(plan, strata, 0.2);
    EXPECT_EQ(done.back().what.first + done.back().what.count, most);
    EXPECT_FALSE(plan.reached(done));
  }
}

TEST(PrecisionPlan, RunsMoreImagesOfAChipWhereChipsAreDear) {
  const ImageStrata strata = strata_of(1000, 100);
  const auto images = [&](double chip) {
    const PrecisionPlan plan(strata, {chip, 1.0}, {0.3, 0.95, 1'000'000});
    return images_of(all_stages(plan, strata, 0.2).at(1).what.images);
  };
  EXPECT_LT(images(1.0), images(30.0));
  EXPECT_LT(images(30.0), images(1000.0));
}

TEST(PrecisionPlan, FewerAllowedChipsGetMoreImagesEachWhenThatStillReachesWhatIsAsked) {
  const ImageStrata strata = strata_of(1000, 100);
  const auto stages = [&](std::int64_t at_most, double half_width) {
    const PrecisionPlan plan(strata, {1.0, 1.0}, {half_width, 0.95, at_most});
    return all_stages(plan, strata, 0.2);
  };
  const std::vector<SampledStage> free = stages(1'000'000, 0.1);
  const auto chips = [](const std::vector<SampledStage>& done) {
    return done.back().what.first + done.back().what.count;
  };
  const auto images = [](const std::vector<SampledStage>& done) {
    return images_of(done.at(1).what.images);
  };
  EXPECT_EQ(images(stages(2 * chips(free), 0.1)), images(free));
  const std::vector<SampledStage> few = stages(chips(free) / 2, 0.1);
  EXPECT_GT(images(few), images(free));
  const PrecisionPlan plan(strata, {1.0, 1.0}, {0.1, 0.95, chips(free) / 2});
  EXPECT_TRUE(plan.reached(few));
  // Where nothing reaches it, chips and images are divided as if there were more chips.
  EXPECT_NEAR(images(stages(2000, 0.001)), images(free), 0.3 * images(free));
  EXPECT_EQ(chips(stages(2000, 0.001)), 2000);
}

TEST(PrecisionPlan, ImagesOfAChipMayBeGiven) {
  const ImageStrata strata = strata_of(1000, 100);
  const PrecisionPlan plan(strata, {1.0, 1.0}, {0.3, 0.95, 1'000'000, 5});
  const std::vector<SampledStage> done = all_stages(plan, strata, 0.2);
  EXPECT_NEAR(images_of(done.at(1).what.images), 5.0, 0.01);
  EXPECT_TRUE(plan.reached(done));
}

TEST(PrecisionPlan, NoChangeSeenIsNoProofThatThereIsNone) {
  const ImageStrata strata = strata_of(10'000, 800);
  const PrecisionPlan plan(strata, {10.0, 1.0}, {0.1, 0.95, 1'000'000});
  const std::vector<SampledStage> done = all_stages(plan, strata, 0.0);
  const SampledError error = plan.error(done, 0.95);
  EXPECT_EQ(error.change, 0.0);
  EXPECT_GT(error.around[1], 0.0);
  EXPECT_LE(100.0 * error.around[1], 0.1);
  // Of the half with the largest margins: if one image in n changed, none of n images would be seen
  // to change with a probability of 1/e only. 3.7 times that is what 97.5 % of samples show.
  double seen = 0.0;
  for (const SampledStage& stage : done) {
    for (const SampledChip& chip : stage.chips) {
      seen += static_cast<double>(chip.strata.back().sampled);
    }
  }
  EXPECT_GT(error.around[1], 3.7 * 0.46 / seen);
}

TEST(PrecisionPlan, ImagesWrongInEitherCountThoseThatBecomeWrongAlone) {
  const ImageStrata strata = strata_of(1000, 100);
  const PrecisionPlan plan(strata, {10.0, 1.0}, {0.5, 0.95, 1'000'000});
  const std::vector<SampledStage> done = all_stages(plan, strata, 0.2);
  EXPECT_NEAR(100.0 * plan.error_either(done, 0.95).change, 18.0, 1.0);
}

TEST(PrecisionPlan, WiderConfidenceIsAWiderInterval) {
  const ImageStrata strata = strata_of(1000, 100);
  const PrecisionPlan plan(strata, {10.0, 1.0}, {0.5, 0.95, 1'000'000});
  const std::vector<SampledStage> done = all_stages(plan, strata, 0.2);
  EXPECT_LT(plan.error(done, 0.9).around[1], plan.error(done, 0.95).around[1]);
  EXPECT_LT(plan.error(done, 0.95).around[1], plan.error(done, 0.99).around[1]);
}

}  // namespace
}  // namespace brownout::results
