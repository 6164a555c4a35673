// SPDX-License-Identifier: Apache-2.0
// Effects of rows and arrays: pairs of errors in one row (array) beyond those that columns explain,
// at the lowest voltage, where there are most errors. And the σ of Gaussian shifts that a ratio of
// pairs stands for.
//
// Rows: if rows are alike, the errors of a column lie in any of its rows with equal probability,
// whatever its number of errors. Two columns of an array with n and n' errors then share n·n'/L of
// L rows on average, with a variance of n·n'·(L − n)·(L − n')/(L²·(L − 1)), and the numbers of
// different pairs of columns are uncorrelated. So the mean and the variance of the row pairs are
// exact. The probability is that of a Poisson variable below 10 pairs expected, of a normal one
// above. Arrays: if arrays are alike, a column may belong to any of them. The probability is the
// share of 999 random exchanges of the columns that give as many pairs of errors in different
// columns of one array; the expectation is for independent columns.
#pragma once

#include <optional>
#include <vector>

#include "sim/profiles/column_model.hpp"

namespace brownout::profiles {

/// A relative number of pairs and what it means.
struct RatioOfPairs {
  double ratio = 1.0;  // to no effect
  double error = 0.0;  // standard error
};

/// σ with which pairs are `ratio` times as frequent as with σ0 alone: Φ₂(z, z; r)/Φ₂(z, z; r0), r =
/// (σ² + σ0²)/S², for cells that err with probability Φ(z). 0 for ratios up to 1; the error is that
/// of the ratio and of S.
Estimated sigma_of_pairs(const RatioOfPairs& pairs, double z, const Estimated& total_sigma,
                         double base_sigma);

/// From the influence of each column on the ratio (infinitesimal jackknife).
RatioOfPairs column_pairs(const ColumnCounts& counts);

struct LineEffects {
  std::optional<PairEffect> rows, arrays;  // none with fewer than 8 rows, 4 arrays, or one column
};

/// All directions together: errors in at least half of the reads. z and `total_sigma` as above.
LineEffects line_effects(const Profile& profile, double z, const Estimated& total_sigma);

}  // namespace brownout::profiles
