// SPDX-License-Identifier: Apache-2.0
// Two networks, or two lists of networks, on the same chips and images: the mean difference of
// their errors and how certain it is.
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "sim/results/error_bars.hpp"

namespace brownout::results {

/// For each network (seed of one training) a list over chips: which images it gets wrong.
using ErrorTables = std::vector<std::vector<WrongImages>>;

inline constexpr std::int64_t kLeastImages = 10;  // for a p and an interval

/// In points; standard errors are those of the mean.
struct Difference {
  double mean = 0.0;
  std::optional<double> standard_error;  // over the chips, networks averaged; two chips or more
  /// Over the images, networks and chips averaged; two images or more.
  std::optional<double> images_standard_error;
  /// Over pairs of networks, chips averaged; two or more pairs, if both rows have the same number
  /// of networks.
  std::optional<double> seeds_standard_error;
  std::size_t chips = 0;
  /// 95 % interval of the mean over all of these sources (results::mean_interval), as if the
  /// networks differed on one image more than they do, as Agresti and Min add ("Simple improved
  /// confidence intervals for comparing matched proportions", 2005): where few images differ, the
  /// interval would be too short without it. If the networks agree on every image of every chip, it
  /// is Clopper and Pearson's limit of a share of 0 on either side. None below kLeastImages: the
  /// deviation of a few images, which may all agree, says nothing about others.
  std::optional<std::array<double, 2>> ci95;
  /// Two-sided, over the same sources: results::two_sided_p. None below kLeastImages.
  std::optional<double> p;
  std::optional<double> p_holm;  // adjusted for all comparisons that are shown together

  enum class Verdict { kHigher, kNotDecided, kLower };
  /// Decided where p_holm is below 0.05.
  Verdict verdict() const;
};

/// "higher", "not-decided", "lower".
const char* to_string(Difference::Verdict verdict);

/// `higher` - `lower` on the chips that both have (the first ones; chips have the same numbers in
/// both). Both hold at least one network with at least one chip, and the same images. p_holm is not
/// set.
Difference difference(const ErrorTables& higher, const ErrorTables& lower);

/// Sets p_holm of every difference that has a p, by Holm's correction for all of the list. Null
/// pointers and differences without a p count as comparisons of p = 1.
void adjust_together(const std::vector<Difference*>& differences);

}  // namespace brownout::results
