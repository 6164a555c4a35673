// SPDX-License-Identifier: Apache-2.0
// Decisions about dies on some of their images: bounds against their definition, and over many
// drawn dies whose truth is known how often a decision is wrong and how many images it takes.
#include "sim/results/die_limit.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <set>
#include <vector>

namespace brownout::results {
namespace {

double log_choose(std::int64_t n, std::int64_t k) {
  const auto log_factorial = [](std::int64_t of) {
    return std::lgamma(static_cast<double>(of) + 1.0);
  };
  return log_factorial(n) - log_factorial(k) - log_factorial(n - k);
}

/// Probability of exactly `found` marked ones among `seen` of `all`.
double exactly(std::int64_t all, std::int64_t marked, std::int64_t seen, std::int64_t found) {
  if (found > marked || seen - found > all - marked) return 0.0;
  return std::exp(log_choose(marked, found) + log_choose(all - marked, seen - found) -
                  log_choose(all, seen));
}

TEST(DieLimit, BoundsAreThoseOfTheDefinition) {
  for (const std::int64_t all : {7, 40}) {
    for (std::int64_t seen = 1; seen <= all; seen += 3) {
      for (std::int64_t found = 0; found <= seen; ++found) {
        for (const double error : {0.3, 0.01, 1e-6}) {
          std::int64_t most = -1, fewest = -1;
          for (std::int64_t marked = 0; marked <= all; ++marked) {
            double at_most = 0.0, at_least = 0.0;
            for (std::int64_t x = 0; x <= found; ++x) at_most += exactly(all, marked, seen, x);
            for (std::int64_t x = found; x <= seen; ++x) at_least += exactly(all, marked, seen, x);
            if (at_most > error) most = marked;
            if (at_least > error && fewest < 0) fewest = marked;
          }
          EXPECT_EQ(most_marked(all, seen, found, error), most)
              << all << " " << seen << " " << found << " " << error;
          EXPECT_EQ(fewest_marked(all, seen, found, error), fewest)
              << all << " " << seen << " " << found << " " << error;
        }
      }
    }
  }
}

TEST(DieLimit, BoundsOfManyImagesAreThoseOfTheDefinitionToo) {
  constexpr std::int64_t kAll = 10000, kSeen = 1250, kFound = 40;
  constexpr double kError = 1e-7;
  const auto at_most = [&](std::int64_t marked) {
    double sum = 0.0;
    for (std::int64_t x = 0; x <= kFound; ++x) sum += exactly(kAll, marked, kSeen, x);
    return sum;
  };
  const std::int64_t most = most_marked(kAll, kSeen, kFound, kError);
  EXPECT_GT(at_most(most), kError);
  EXPECT_LE(at_most(most + 1), kError);
}

TEST(DieLimit, LimitIsThatOfWholePoints) {
  EXPECT_EQ(most_lost(2.5, 100, 1000), 25);
  EXPECT_EQ(most_lost(2.5, 100, 399), 9);
  EXPECT_EQ(most_lost(0.0, 3, 10000), 0);
  // 7 of 10,000 images are 0.07 points, whatever 100 · 7 / 10000 rounds to.
  for (std::int64_t lost = 0; lost < 3000; ++lost) {
    EXPECT_EQ(most_lost(static_cast<double>(lost) / 100.0, 0, 10000), lost);
  }
}

TEST(DieLimit, LooksEndWithAllImages) {
  EXPECT_EQ(looks(10000), (std::vector<std::int64_t>{625, 1250, 2500, 5000, 10000}));
  EXPECT_EQ(looks(300), (std::vector<std::int64_t>{75, 150, 300}));
  EXPECT_EQ(looks(1), std::vector<std::int64_t>{1});
}

TEST(DieLimit, AllImagesDecideWithoutError) {
  const DieLimit limit{1000, 25, 1e-6};
  EXPECT_EQ(within_limit(limit, {1000, 40, 15}), true);
  EXPECT_EQ(within_limit(limit, {1000, 41, 15}), false);
  EXPECT_EQ(within_limit(limit, {500, 13, 0}), std::nullopt);
  EXPECT_EQ(within_limit(limit, {500, 300, 0}), false);
}

TEST(DieLimit, EachDieHasAnOrderOfItsOwn) {
  const std::vector<std::int64_t> order = image_order(500, 7);
  EXPECT_EQ(std::set<std::int64_t>(order.begin(), order.end()).size(), 500u);
  EXPECT_EQ(order, image_order(500, 7));
  EXPECT_NE(order, image_order(500, 8));
  // Any image is as likely to come first as another.
  std::vector<int> first(10);
  for (std::uint64_t die = 0; die < 5000; ++die) {
    ++first[static_cast<std::size_t>(image_order(10, die)[0])];
  }
  for (const int count : first) EXPECT_NEAR(count, 500, 4 * std::sqrt(500.0));
}

struct Decisions {
  double within = 0.0;  // share of dies
  double seen = 0.0;    // mean number of images
};

/// Dies that all have so many images that became wrong and right, each in an order of its own.
Decisions decide(const DieLimit& limit, std::int64_t became_wrong, std::int64_t became_right) {
  constexpr int kDies = 2000;
  Decisions decisions;
  for (int die = 0; die < kDies; ++die) {
    DieImages shown;
    const std::vector<std::int64_t> order =
        image_order(limit.images, static_cast<std::uint64_t>(die));
    for (const std::int64_t look : looks(limit.images)) {
      for (; shown.seen < look; ++shown.seen) {
        const std::int64_t image = order[static_cast<std::size_t>(shown.seen)];
        shown.became_wrong += image < became_wrong ? 1 : 0;
        shown.became_right += image >= limit.images - became_right ? 1 : 0;
      }
      const std::optional<bool> decided = within_limit(limit, shown);
      if (!decided) continue;
      decisions.within += (*decided ? 1.0 : 0.0) / kDies;
      break;
    }
    decisions.seen += static_cast<double>(shown.seen) / kDies;
  }
  return decisions;
}

TEST(DieLimit, DecisionsAreWrongNoMoreOftenThanStated) {
  // A die that just holds and one that just does not, alone or with images that became right. The
  // error is large here, so that it shows.
  const DieLimit limit{2000, 50, 0.1};
  for (const std::int64_t right : {0, 30}) {
    EXPECT_LE(decide(limit, 51 + right, right).within, 0.1);
    EXPECT_GE(decide(limit, 50 + right, right).within, 0.9);
  }
  EXPECT_GT(decide(limit, 51, 0).within, 0.003);  // it is no empty promise
}

TEST(DieLimit, ClearDiesTakeFewImages) {
  // As a search for a safe voltage asks: 29 dies, 100 levels.
  const DieLimit limit{10000, 250, 0.0005 / 2900};
  const Decisions good = decide(limit, 30, 10), bad = decide(limit, 1500, 20);
  EXPECT_NEAR(good.within, 1.0, 1e-9);
  EXPECT_LT(good.seen, 1500.0);
  EXPECT_EQ(bad.within, 0.0);
  EXPECT_LT(bad.seen, 700.0);
  // A die near the limit takes all.
  EXPECT_EQ(decide(limit, 260, 10).seen, 10000.0);
}

}  // namespace
}  // namespace brownout::results
