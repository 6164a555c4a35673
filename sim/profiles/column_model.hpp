// SPDX-License-Identifier: Apache-2.0
// How errors are spread over columns, by maximum likelihood.
//
// The data are, for each column, the numbers of cells by the highest voltage at which they err in
// at least half of their reads. A cell does so exactly where its critical voltage, without the
// noise of a read, lies above the voltage; cells are taken to err at all lower voltages too. Given
// the shift δ of its column, a cell of a column errs at V in direction d with probability
//   share_d·Φ((μ_d + δ − V)/σ_d),
// independently of the other cells, so the numbers are multinomial. All columns, of all arrays,
// have shifts from one distribution:
//   independent   δ = 0
//   gaussian      δ ~ N(0, σcolumn²)
//   bad columns   δ = shift with probability `share`, otherwise 0
//   both          the sum of the two
// δ is integrated out (a sum over equal steps for the Gaussian), and all parameters of a
// distribution, μ and σ among them, are fitted together. Every weight thus comes from the model,
// and a voltage with few errors counts for little.
#pragma once

#include <cstddef>
#include <vector>

#include "sim/profiles/profile_fit.hpp"
#include "sim/profiles/profile_regression.hpp"

namespace brownout::profiles {

/// Number of cells in one category: errors of direction d up to level k are number d·levels + k.
struct CategoryCount {
  std::size_t category = 0;
  double cells = 0.0;
};

/// Columns with the same numbers of cells in all categories.
struct ColumnPattern {
  std::vector<CategoryCount> counts;  // without empty categories, in ascending order
  double errors = 0.0;                // cells that err at the lowest voltage
  double columns = 0.0;
};

struct ColumnCounts {
  double rows = 0.0;     // cells of a column
  double columns = 0.0;  // of all arrays
  std::vector<double> voltages;
  std::vector<double> weak;  // by direction: share of the cells that can err in it
  std::vector<ColumnPattern> patterns;
  double errors = 0.0;  // of all columns, at the lowest voltage
};

/// `directions` and `fits` belong together (profile_regression.hpp).
ColumnCounts count_columns(const Profile& profile, const std::vector<Direction>& directions,
                           const std::vector<Regression>& fits);

/// A shift and its probability.
struct Node {
  double shift = 0.0, weight = 1.0;
};

/// The sum that stands for the distribution of the columns' shifts.
std::vector<Node> nodes_of(const ColumnModel& model, const ColumnCounts& counts);

/// Probability that a cell errs at the lowest voltage, given the shift of its column. Below 1.
double lowest_rate(const ColumnModel& model, const ColumnCounts& counts, double shift);

/// Up to a constant that depends on the counts alone.
double log_likelihood(const ColumnModel& model, const ColumnCounts& counts);

/// Fits all distributions of shifts and chooses among them (profile_fit.hpp: ColumnFit). `sigmas`:
/// the start, a σ by direction with the column effect but without read noise. At least 8 columns
/// and one error.
ColumnFit fit_columns(const ColumnCounts& counts, const std::vector<Regression>& fits,
                      const std::vector<double>& sigmas);

}  // namespace brownout::profiles
