// SPDX-License-Identifier: Apache-2.0
// Two rows on the same chips and images: the mean difference and how certain it is.
#pragma once
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "sim/results/error_bars.hpp"

namespace brownout::study {

/// Samples of a row: for each of its networks (seeds) a list over chips.
using Samples = std::vector<std::vector<double>>;
/// In the same shape: which images each network gets wrong on each chip.
using ErrorTables = std::vector<std::vector<results::WrongImages>>;

struct Measured {
  Samples samples;    // errors, percent
  ErrorTables wrong;  // of the same shape
};

inline constexpr std::int64_t kLeastImages = 10;  // for a p

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
  /// Two-sided, over all of these sources: results::two_sided_p. None below kLeastImages: the
  /// deviation of a few images, which may all agree, says nothing about others.
  std::optional<double> p;
  std::optional<double> p_holm;  // adjusted for all comparisons of the study

  enum class Verdict { kHigher, kNotDecided, kLower };
  /// Decided where p_holm is below 0.05.
  Verdict verdict() const;
};

/// `higher` - `lower` on the chips that both have (the first ones; chips have the same numbers in
/// both). Both hold at least one network with at least one chip, and the same images. p_holm is not
/// set.
Difference difference(const Measured& higher, const Measured& lower);

}  // namespace brownout::study
