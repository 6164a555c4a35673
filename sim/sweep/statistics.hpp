// SPDX-License-Identifier: Apache-2.0
// Statistics of one operating point: spread over chips and the Proposition 1 excess.
#pragma once
#include <array>
#include <cstdint>
#include <optional>
#include <vector>

namespace brownout::sweep {

/// Mean of samples, and what one sample alone cannot give: the sample standard deviation (n - 1)
/// and the 95 % interval of the mean (Student's t), [low, high]. Units are those of the samples.
struct Spread {
  double mean = 0.0;
  std::optional<double> std;
  std::optional<std::array<double, 2>> ci95;
};

/// At least one sample. Sums run in the order given, so that equal input gives equal bits.
Spread spread(const std::vector<double>& samples);

/// RandBET Proposition 1: with probability 1 - delta the true RErr lies less than this above the
/// measured one, for n images and l error patterns. Percentage points.
double proposition1_excess(std::int64_t images, std::int64_t patterns, double delta = 0.01);

}  // namespace brownout::sweep
