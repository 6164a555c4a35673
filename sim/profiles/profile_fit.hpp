// SPDX-License-Identifier: Apache-2.0
// The Gaussian cell model of a profile. A cell is weak in one direction, 0→1 with probability
// share_01. Its critical voltage is μ + column shift + own deviation, with μ and σ of its
// direction. A read at V errs with probability Φ((Vc − V)/σn). Mean rates are therefore
//   p01(V) = share_01·Φ((μ01 − V)/S01), S² = σ² + σn² + σcolumn², and p10 likewise.
//
// How each part is found:
// - μ and S: probit regression of the mean rates on voltage, one direction at a time (maximum
//   likelihood, binomial). Cells of a column may fail together, so each rate counts with the
//   variance that its column sums show, not with that of independent cells.
// - share_01: maximum likelihood with the above, if that is significantly (2Δ log L > 3.84) better
//   than the share of 0→1 in the errors at the lowest voltage; otherwise it is that share. Far in
//   the tail the data cannot distinguish a larger share from a larger μ.
// - σn: from the probabilities of the cells that err in at least 5 % of reads. Within the width of
//   σn the density of critical voltages is known from μ and S, and it decides how many cells fall
//   between two probabilities.
// - Columns: by the likelihood of the numbers of errors in each column (column_model.hpp), among
//   independent cells, Gaussian shifts, few bad columns, or both of these. σcolumn is that of
//   Gaussian shifts. Where the columns are not Gaussian, it is the σ that gives as many pairs of
//   errors in a column as there are: Φ₂(z, z; r)/Φ(z)² times those of independent cells, with r =
//   σcolumn²/S², z = (μ − V)/S.
// - Rows and arrays: by their pairs of errors, beyond those that columns explain (line_pairs.hpp).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "sim/profiles/chip_profile.hpp"

namespace brownout::profiles {

struct Estimated {
  double value = 0.0;
  double error = 0.0;  // standard error
};

/// Critical voltages of the cells that are weak in one direction, units of Vmin.
struct DirectionFit {
  Estimated mu, total_sigma;  // total_sigma: S
  double sigma = 0.0;         // σ: without read noise and column effect, where those were found
};

enum class ColumnKind { kIndependent, kGaussian, kBadColumns, kBoth };
/// "independent", "gaussian", "bad-columns", "gaussian-and-bad-columns".
const char* name_of(ColumnKind kind);

/// One distribution of the columns' shifts, fitted together with the cells: what a physical chip
/// (docs/chips.md) needs to be like this one. Units of Vmin.
struct ColumnModel {
  struct Cells {
    double mu = 0.0, sigma = 0.0;  // of cells in a column without shift, without read noise
  };
  ColumnKind kind = ColumnKind::kIndependent;
  std::vector<Cells> cells;  // by fitted direction, 0→1 first
  Estimated column_sigma;    // an error of 0 here and below: not fitted, or not known
  Estimated bad_share, bad_shift;
  /// No sound column has enough errors to tell how much better than the bad ones it is: bad_shift
  /// is the least that the likelihood allows at 95 %.
  bool bad_shift_is_least = false;
  int parameters = 0;
  double log_likelihood = 0.0;  // up to a constant that all kinds have in common
  double bic = 0.0;  // parameters·ln(columns) − 2·log_likelihood: the least is the best
};

struct ColumnFit {
  std::vector<ColumnModel> models;  // in the order of ColumnKind
  /// Independent, unless 2Δ log L of Gaussian shifts is above 2.71 (95 % for a parameter at the end
  /// of its range) or another kind has a lower BIC; then the kind with the lowest BIC among those
  /// with an effect.
  std::size_t chosen = 0;
  /// Goodness of fit of the chosen one: errors of a column at the lowest voltage, in classes with
  /// at least five columns expected. None without a degree of freedom.
  std::optional<double> chi2, chi2_probability;
  int degrees_of_freedom = 0;
  /// Pairs of errors in a column at the lowest voltage, relative to independent cells: seen, of the
  /// chosen model on average, and the deviation over chips of this size.
  double pair_ratio = 0.0, model_pair_ratio = 0.0, model_pair_ratio_error = 0.0;

  const ColumnModel& best() const { return models[chosen]; }
};

/// Rows or arrays with more errors in common than columns explain.
struct PairEffect {
  double pairs = 0.0, expected = 0.0;  // of errors at the lowest voltage
  double probability = 1.0;            // of at least as many pairs without the effect
  bool significant = false;            // probability below 5 %
  Estimated sigma;                     // of Gaussian shifts that give this ratio, units of Vmin
};

struct FitPoint {
  double voltage = 1.0;
  double observed01 = 0.0, observed10 = 0.0;
  std::optional<double> fitted01, fitted10, fitted;  // fitted: both directions
  std::optional<double> decades;  // log10(fitted/observed), both directions together
};

struct ProfileFit {
  std::optional<DirectionFit> up, down;  // 0→1, 1→0
  std::optional<double> share_01;        // none without a single error
  bool share_is_fitted = false;          // else taken at the lowest voltage
  std::optional<Estimated> read_noise;   // σn
  std::optional<Estimated> column_sigma;
  bool column_effect_is_significant = false;
  std::optional<ColumnFit> columns;
  std::optional<PairEffect> row_effect, array_effect;

  std::vector<FitPoint> points;           // one a level
  std::optional<double> largest_decades;  // absolute
  /// Over rates with at least 5 errors expected. Counts of different voltages share cells; this
  /// treats them as independent.
  double chi2 = 0.0;
  int degrees_of_freedom = 0;
  std::optional<double> chi2_probability;  // of a χ² at least as large; none at 0 degrees

  /// What could not be fitted and why, one sentence each.
  std::vector<std::string> notes;

  /// Fitted mean rates at a voltage; none where the direction was not fitted.
  std::optional<double> rate01(double voltage) const;
  std::optional<double> rate10(double voltage) const;
};

ProfileFit fit_profile(const Profile& profile);

}  // namespace brownout::profiles
