// SPDX-License-Identifier: Apache-2.0
// Sample statistics with Boost.Math's Student's t.
#include "sim/sweep/statistics.hpp"

#include <algorithm>
#include <boost/math/distributions/students_t.hpp>
#include <cmath>

#include "sim/base/error.hpp"

namespace brownout::sweep {

Spread spread(const std::vector<double>& samples) {
  BROWNOUT_CHECK(!samples.empty(), "statistics of no samples");
  const auto n = static_cast<double>(samples.size());
  Spread result;
  for (const double sample : samples) result.mean += sample;
  result.mean /= n;
  // The sum of equal samples rounds; their mean is known: chips without a wrong bit give exactly
  // the clean network's numbers.
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

double proposition1_excess(std::int64_t images, std::int64_t patterns, double delta) {
  BROWNOUT_CHECK(images > 0 && patterns > 0 && delta > 0 && delta < 1,
                 "images {}, patterns {}, delta {}", images, patterns, delta);
  const auto n = static_cast<double>(images);
  const auto l = static_cast<double>(patterns);
  return 100.0 * std::sqrt(std::log((n + 1) / delta) / n) * (std::sqrt(l) + std::sqrt(n)) /
         std::sqrt(l);
}

}  // namespace brownout::sweep
