// SPDX-License-Identifier: Apache-2.0
// Exact bounds by bisection over hypergeometric distributions, whose tails are summed.
#include "sim/results/die_limit.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

#include "sim/base/error.hpp"
#include "sim/base/random.hpp"
#include "sim/results/point.hpp"

namespace brownout::results {

namespace {

/// Fewer images decide nothing that is worth a look.
constexpr std::int64_t kFirstLook = 64;
/// Looks at a sixteenth of the images, an eighth, a quarter, half, all.
constexpr int kHalvings = 4;

/// Logarithm of the number of ways to choose `chosen` of `all`.
double log_ways(std::int64_t all, std::int64_t chosen) {
  const auto log_factorial = [](std::int64_t n) {
    return std::lgamma(static_cast<double>(n) + 1.0);
  };
  return log_factorial(all) - log_factorial(chosen) - log_factorial(all - chosen);
}

/// Whether `found` marked ones or fewer among `seen` drawn ones have a probability above `error`.
/// (Boost's distribution factorizes into primes, which takes longer than the images do.)
bool is_likely_at_most(std::int64_t all, std::int64_t marked, std::int64_t seen, std::int64_t found,
                       double error) {
  const std::int64_t fewest = std::max(std::int64_t{0}, seen + marked - all);
  if (found < fewest) return false;
  // From the next whole number above the mean on it is at least a half.
  const double mean =
      static_cast<double>(seen) * static_cast<double>(marked) / static_cast<double>(all);
  if (static_cast<double>(found) >= std::ceil(mean)) return true;
  double one = std::exp(log_ways(marked, found) + log_ways(all - marked, seen - found) -
                        log_ways(all, seen));
  double sum = 0.0;
  for (std::int64_t x = found; x >= fewest && sum <= error && one > 1e-18 * error; --x) {
    sum += one;
    // The ratio of the probabilities of x - 1 and x.
    one *= static_cast<double>(x) / static_cast<double>(marked - x + 1) *
           static_cast<double>(all - marked - seen + x) / static_cast<double>(seen - x + 1);
  }
  return sum > error;
}

/// The same of `found` or more: then at most seen - found of the others are among the drawn ones.
bool is_likely_at_least(std::int64_t all, std::int64_t marked, std::int64_t seen,
                        std::int64_t found, double error) {
  return is_likely_at_most(all, all - marked, seen, seen - found, error);
}

}  // namespace

std::int64_t most_lost(double max_drop_points, std::int64_t wrong_clean, std::int64_t images) {
  const auto holds = [&](std::int64_t lost) {
    return drop_points(wrong_clean + lost, wrong_clean, images) <= max_drop_points;
  };
  auto lost = static_cast<std::int64_t>(max_drop_points / 100.0 * static_cast<double>(images));
  while (holds(lost + 1)) ++lost;  // what was rounded
  while (!holds(lost)) --lost;
  return lost;
}

std::vector<std::int64_t> looks(std::int64_t images) {
  BROWNOUT_CHECK(images > 0, "{} images", images);
  std::vector<std::int64_t> list;
  for (int halvings = kHalvings; halvings > 0; --halvings) {
    const std::int64_t seen = images >> halvings;
    if (seen >= kFirstLook) list.push_back(seen);
  }
  list.push_back(images);
  return list;
}

std::int64_t most_marked(std::int64_t all, std::int64_t seen, std::int64_t found, double error) {
  BROWNOUT_CHECK(found >= 0 && found <= seen && seen <= all && error < 0.5, "{} of {} of {}, {}",
                 found, seen, all, error);
  std::int64_t possible = found, too_many = all - seen + found + 1;
  while (too_many - possible > 1) {
    const std::int64_t middle = possible + (too_many - possible) / 2;
    (is_likely_at_most(all, middle, seen, found, error) ? possible : too_many) = middle;
  }
  return possible;
}

std::int64_t fewest_marked(std::int64_t all, std::int64_t seen, std::int64_t found, double error) {
  BROWNOUT_CHECK(found >= 0 && found <= seen && seen <= all && error < 0.5, "{} of {} of {}, {}",
                 found, seen, all, error);
  std::int64_t possible = all - seen + found, too_few = found - 1;
  while (possible - too_few > 1) {
    const std::int64_t middle = too_few + (possible - too_few) / 2;
    (is_likely_at_least(all, middle, seen, found, error) ? possible : too_few) = middle;
  }
  return possible;
}

std::optional<bool> within_limit(const DieLimit& limit, const DieImages& shown) {
  const std::int64_t all = limit.images;
  if (shown.seen == all) return shown.became_wrong - shown.became_right <= limit.lost;
  constexpr double kBounds = 2.0;  // of one decision
  const double error = limit.error / (kBounds * static_cast<double>(looks(all).size()));
  const auto most = [&](std::int64_t found) { return most_marked(all, shown.seen, found, error); };
  const auto fewest = [&](std::int64_t found) {
    return fewest_marked(all, shown.seen, found, error);
  };
  if (most(shown.became_wrong) - fewest(shown.became_right) <= limit.lost) return true;
  if (fewest(shown.became_wrong) - most(shown.became_right) > limit.lost) return false;
  return std::nullopt;
}

std::vector<std::int64_t> image_order(std::int64_t images, std::uint64_t die) {
  std::vector<std::int64_t> order(static_cast<std::size_t>(images));
  std::iota(order.begin(), order.end(), std::int64_t{0});
  const Philox random(die, Purpose::kImageOrder);
  // Fisher and Yates
  for (std::size_t left = order.size(); left > 1; --left) {
    const auto chosen = static_cast<std::size_t>(scaled(random(left)[0], left));
    std::swap(order[chosen], order[left - 1]);
  }
  return order;
}

}  // namespace brownout::results
