// SPDX-License-Identifier: Apache-2.0
// What the levels of a profile show about one direction of errors, and a probit line through them:
// the first part of profile_fit.hpp.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>
#include <vector>

#include "sim/memory/normal.hpp"
#include "sim/profiles/chip_profile.hpp"
#include "sim/profiles/profile_fit.hpp"

namespace brownout::profiles {

/// Keeps logarithms and quotients of rates finite.
inline constexpr double kTiny = 1e-300;

inline double log_or_low(double x) { return std::log(std::max(x, 1e-300)); }

/// Probabilities that divide the cells that err into classes; the last one is
/// kPersistentProbability.
inline constexpr std::array<double, 6> kClasses{0.05, 0.25, 0.5, 0.75, 0.9, 0.985};
using Classes = std::array<double, kClasses.size()>;

/// What one level shows about one direction.
struct Observation {
  double voltage = 1.0;
  double errors = 0.0;          // sum of probabilities
  double rate = 0.0;            // over all cells
  double inflation = 1;         // variance of `errors` over that of independent cells
  Classes in_class{};           // cells with a probability from kClasses[i] to the next
  double pairs_expected = 0.0;  // Σ q_i·q_j within columns, if cells were independent
};

struct Direction {
  bool up = true;
  std::vector<Observation> levels;

  int levels_with_errors() const {
    return static_cast<int>(std::count_if(levels.begin(), levels.end(),
                                          [](const Observation& o) { return o.errors > 0.0; }));
  }
};

/// The errors of one level in one direction (`up`: 0→1).
Observation observe(const Profile& profile, const ProfileLevel& level, bool up);

/// Probit regression: a cell errs with probability weak·Φ(a + b·(V − centre)).
struct Regression {
  double weak = 1.0;  // share of the cells that is weak in this direction
  double a = 0.0, b = 0.0, centre = 0.0;
  double var_a = 0.0, var_b = 0.0, cov = 0.0;
  double log_likelihood = 0.0;

  double z(double voltage) const { return a + b * (voltage - centre); }
  double rate(double voltage) const { return weak * memory::normal_cdf(z(voltage)); }
};

/// None when rates do not fall with voltage.
std::optional<Regression> regress(const Direction& direction, double cells, double weak);

/// μ and total σ of the critical voltages that the line stands for, with their standard errors.
DirectionFit to_voltages(const Regression& fit);

}  // namespace brownout::profiles
