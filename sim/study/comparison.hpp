// SPDX-License-Identifier: Apache-2.0
// Two rows on the same chips: the mean difference and how sure it is.
#pragma once
#include <optional>
#include <vector>

namespace brownout::study {

/// Samples of a row: a list over chips for each network (seed) of it.
using Samples = std::vector<std::vector<double>>;

/// In the unit of the samples; standard errors are sample deviation / √n.
struct Difference {
  double mean = 0.0;
  std::optional<double> standard_error;  // over the chips, networks averaged; two chips or more
  std::optional<double>
      seeds_standard_error;  // over pairs of networks, chips averaged; two or more
  std::size_t chips = 0;

  /// By the standard error over the chips; on one chip alone by that over pairs of networks.
  enum class Verdict {
    kHigher,    // beyond two standard errors
    kNotClear,  // within, or there is no standard error
    kLower,     // beyond two standard errors, the other way round
  };
  Verdict verdict() const;
};

/// `higher` - `lower` on the chips that both have (the first ones; chips are numbered alike). Both
/// hold at least one network with at least one chip.
Difference difference(const Samples& higher, const Samples& lower);

}  // namespace brownout::study
