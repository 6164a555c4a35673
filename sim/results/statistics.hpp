// SPDX-License-Identifier: Apache-2.0
// Statistics of one operating point: spread over chips, differences of pairs and how sure they are,
// the Proposition 1 excess.
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace brownout::results {

/// The mean of samples, and two values that need more than one sample: the sample standard
/// deviation (n - 1) and the 95 % interval of the mean (Student's t), [low, high]. Units are those
/// of the samples.
struct Spread {
  double mean = 0.0;
  std::optional<double> std;
  std::optional<std::array<double, 2>> ci95;
};

/// At least one sample. Sums run in the order given, so that equal input gives equal bits.
Spread spread(const std::vector<double>& samples);

/// The same for numbers that cannot be negative. The interval is Student's t of the logarithm of
/// the mean (delta method), so that it is not negative either. None if the mean is 0.
Spread positive_spread(const std::vector<double>& samples);

/// Two networks (or points) on the same chips: the mean of a[i] - b[i], Student's t.
struct PairedDifference {
  double mean = 0.0;
  std::size_t pairs = 0;
  std::optional<double> standard_error;  // of the mean; two pairs or more
  /// Two-sided p: how probable a mean at this distance from 0 is if there is no difference; n - 1
  /// degrees of freedom. Two pairs or more.
  std::optional<double> p;
};
/// At least one pair. `resolution`: samples are multiples of it (100/images for an error in
/// percent). The deviation of the differences is never taken below resolution/√6, the deviation of
/// two rounded numbers, so that two chips which happen to agree do not prove anything. Without a
/// resolution, equal differences have p = 0, or p = 1 if they are 0.
PairedDifference paired_difference(const std::vector<double>& a, const std::vector<double>& b,
                                   double resolution = 0.0);

/// Two-sided p of a t with that many degrees of freedom.
double two_sided_p(double t, double degrees);

/// Holm's correction: adjusts each p, computed as if it were the only comparison, for the number of
/// comparisons, in the order given. All differences whose adjusted p is below 0.05 are real,
/// together, with 95 % confidence.
std::vector<double> holm_adjusted(const std::vector<double>& p);

/// RandBET Proposition 1: with probability 1 - delta the true RErr lies less than this above the
/// measured one, for n images and l error patterns. Percentage points.
double proposition1_excess(std::int64_t images, std::int64_t patterns, double delta = 0.01);

}  // namespace brownout::results
