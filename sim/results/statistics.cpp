// SPDX-License-Identifier: Apache-2.0
// Sample statistics with Boost.Math's Student's t.
#include "sim/results/statistics.hpp"

#include <algorithm>
#include <boost/math/distributions/students_t.hpp>
#include <cmath>
#include <limits>
#include <numeric>

#include "sim/base/error.hpp"

namespace brownout::results {

Spread spread(const std::vector<double>& samples) {
  BROWNOUT_CHECK(!samples.empty(), "statistics of no samples");
  const auto n = static_cast<double>(samples.size());
  Spread result;
  for (const double sample : samples) result.mean += sample;
  result.mean /= n;
  // The sum of equal samples is rounded, but their mean is known: chips without a wrong bit give
  // exactly the clean network's numbers.
  if (std::all_of(samples.begin(), samples.end(),
                  [&](double sample) { return sample == samples.front(); })) {
    result.mean = samples.front();
  }
  if (samples.size() == 1) return result;

  double squares = 0.0;
  for (const double sample : samples) {
    squares += (sample - result.mean) * (sample - result.mean);
  }
  result.std = std::sqrt(squares / (n - 1));
  const boost::math::students_t distribution(n - 1);
  const double half = boost::math::quantile(distribution, 0.975) * *result.std / std::sqrt(n);
  result.ci95 = {result.mean - half, result.mean + half};
  return result;
}

Spread positive_spread(const std::vector<double>& samples) {
  Spread result = spread(samples);
  if (!result.ci95) return result;
  BROWNOUT_CHECK(result.mean >= 0.0, "a mean of {}", result.mean);
  if (result.mean == 0.0) {
    result.ci95.reset();
    return result;
  }
  const double relative = ((*result.ci95)[1] - result.mean) / result.mean;
  result.ci95 = {result.mean * std::exp(-relative), result.mean * std::exp(relative)};
  return result;
}

double two_sided_p(double t, double degrees) {
  if (std::isinf(t)) return 0.0;
  const boost::math::students_t distribution(degrees);
  return 2.0 * boost::math::cdf(boost::math::complement(distribution, std::abs(t)));
}

PairedDifference paired_difference(const std::vector<double>& a, const std::vector<double>& b,
                                   double resolution) {
  BROWNOUT_CHECK(a.size() == b.size() && !a.empty(), "pairs of {} and {} samples", a.size(),
                 b.size());
  std::vector<double> differences;
  for (std::size_t i = 0; i < a.size(); ++i) differences.push_back(a[i] - b[i]);
  const Spread found = spread(differences);
  PairedDifference result;
  result.mean = found.mean;
  result.pairs = a.size();
  if (!found.std) return result;
  const double least = resolution / std::sqrt(6.0);
  result.standard_error =
      std::max(*found.std, least) / std::sqrt(static_cast<double>(result.pairs));
  if (result.mean == 0.0) {
    result.p = 1.0;
  } else {
    result.p = two_sided_p(*result.standard_error == 0.0 ? std::numeric_limits<double>::infinity()
                                                         : result.mean / *result.standard_error,
                           static_cast<double>(result.pairs - 1));
  }
  return result;
}

std::vector<double> holm_adjusted(const std::vector<double>& p) {
  std::vector<std::size_t> order(p.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return p[a] < p[b]; });
  std::vector<double> adjusted(p.size());
  double highest = 0.0;  // an adjusted p is never below that of a smaller one
  for (std::size_t rank = 0; rank < order.size(); ++rank) {
    const double scaled = static_cast<double>(p.size() - rank) * p[order[rank]];
    highest = std::max(highest, std::min(1.0, scaled));
    adjusted[order[rank]] = highest;
  }
  return adjusted;
}

double proposition1_excess(std::int64_t images, std::int64_t patterns, double delta) {
  BROWNOUT_CHECK(images > 0 && patterns > 0 && delta > 0 && delta < 1,
                 "images {}, patterns {}, delta {}", images, patterns, delta);
  const auto n = static_cast<double>(images);
  const auto l = static_cast<double>(patterns);
  return 100.0 * std::sqrt(std::log((n + 1) / delta) / n) * (std::sqrt(l) + std::sqrt(n)) /
         std::sqrt(l);
}

}  // namespace brownout::results
