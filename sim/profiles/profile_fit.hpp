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
// - σcolumn: pairs of errors in one column, Σ q_i·q_j relative to independence, are Φ₂(z, z;
//   r)/Φ(z)² times as frequent with r = σcolumn²/S², z = (μ − V)/S.
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
