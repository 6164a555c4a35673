// SPDX-License-Identifier: Apache-2.0
// A probit line for each direction, and one-dimensional searches for the rest.
#include "sim/profiles/profile_fit.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/math/special_functions/erf.hpp>
#include <boost/math/special_functions/gamma.hpp>
#include <boost/math/tools/minima.hpp>
#include <cmath>
#include <functional>
#include <utility>

#include "sim/base/error.hpp"
#include "sim/profiles/column_model.hpp"
#include "sim/profiles/line_pairs.hpp"
#include "sim/profiles/profile_regression.hpp"

namespace brownout::profiles {

namespace {

using Policy = boost::math::policies::policy<boost::math::policies::promote_double<false>>;

constexpr double kSignificant = 3.84;  // 95 % of χ² with one degree of freedom

/// Lowest point in [low, high]: a scan, in case there are several valleys, then Brent's method.
std::pair<double, double> lowest(const std::function<double(double)>& f, double low, double high) {
  constexpr int kScan = 60;
  const double step = (high - low) / kScan;
  int best = 0;
  double least = f(low);
  for (int i = 1; i <= kScan; ++i) {
    const double here = f(low + i * step);
    if (here < least) least = here, best = i;
  }
  const double left = low + std::max(best - 1, 0) * step;
  const double right = low + std::min(best + 1, kScan) * step;
  const auto found = boost::math::tools::brent_find_minima(f, left, right, 40);
  return found.second < least ? found : std::make_pair(low + best * step, least);
}

/// Standard error from the curvature of −log L (or of χ²/2) at its lowest point.
double curvature_error(const std::function<double(double)>& f, double at, double step) {
  const double second = (f(at + step) - 2.0 * f(at) + f(at - step)) / (step * step);
  return second > 0.0 ? 1.0 / std::sqrt(second) : 0.0;
}

/// The fit while it is made; directions[i] belongs to fits[i].
struct Fitter {
  double cells, columns;              // columns of all arrays
  std::vector<Direction> directions;  // those with errors, 0→1 first
  std::vector<Regression> fits;
  ProfileFit result;

  double share(const Direction& direction, double share_01) const {
    return direction.up ? share_01 : 1.0 - share_01;
  }
  std::optional<std::vector<Regression>> regress_all(double share_01) const {
    std::vector<Regression> all;
    for (const Direction& direction : directions) {
      const auto fit = regress(direction, cells, share(direction, share_01));
      if (!fit) return std::nullopt;
      all.push_back(*fit);
    }
    return all;
  }
  static double log_likelihood(const std::vector<Regression>& all) {
    double sum = 0.0;
    for (const Regression& fit : all) sum += fit.log_likelihood;
    return sum;
  }
  double sigma_of(const Regression& fit) const { return -1.0 / fit.b; }
  double smallest_sigma() const {
    double least = sigma_of(fits.front());
    for (const Regression& fit : fits) least = std::min(least, sigma_of(fit));
    return least;
  }

  void fit_share();
  void fit_read_noise();
  void fit_column_effect(const Profile& profile);
};

void Fitter::fit_share() {
  const double start = *result.share_01;
  const auto at_start = regress_all(start);
  if (!at_start) return;
  fits = *at_start;
  if (directions.size() < 2 || directions[0].levels_with_errors() < 3 ||
      directions[1].levels_with_errors() < 3) {
    if (directions.size() == 2) {
      result.notes.push_back(
          "share of 0→1: fewer than three voltages with errors of both directions, so it is that "
          "of the errors at the lowest voltage");
    }
    return;
  }
  double rate_up = 0.0, rate_down = 0.0;
  for (std::size_t i = 0; i < directions[0].levels.size(); ++i) {
    rate_up = std::max(rate_up, directions[0].levels[i].rate);
    rate_down = std::max(rate_down, directions[1].levels[i].rate);
  }
  // A direction has at least as many weak cells as cells that err. On the logit scale, away from
  // its ends.
  const double low = std::max(rate_up * 1.001, 0.001);
  const double high = std::min(1.0 - rate_down * 1.001, 0.999);
  if (low >= high) return;
  const auto to_share = [](double logit) { return 1.0 / (1.0 + std::exp(-logit)); };
  const auto loss = [&](double logit) {
    const auto all = regress_all(to_share(logit));
    return all ? -log_likelihood(*all) : 1e300;
  };
  const auto best = lowest(loss, std::log(low / (1.0 - low)), std::log(high / (1.0 - high)));
  if (2.0 * (-log_likelihood(fits) - best.second) <= kSignificant) {
    result.notes.push_back(
        "share of 0→1: the rates do not tell it apart from μ, so it is that of the errors at the "
        "lowest voltage");
    return;
  }
  result.share_01 = to_share(best.first);
  result.share_is_fitted = true;
  fits = *regress_all(*result.share_01);
}

void Fitter::fit_read_noise() {
  double between = 0.0;
  for (const Direction& direction : directions) {
    for (const Observation& seen : direction.levels) {
      for (std::size_t i = 0; i + 1 < kClasses.size(); ++i) between += seen.in_class[i];
    }
  }
  if (between == 0.0) {
    result.notes.push_back(fmt::format("read noise: no cell errs with a probability in [{}, {})",
                                       kClasses[0], kClasses.back()));
    return;
  }
  const auto loss = [&](double noise) {
    double sum = 0.0;
    for (std::size_t d = 0; d < directions.size(); ++d) {
      const double mu = fits[d].centre - fits[d].a / fits[d].b;
      const double total = sigma_of(fits[d]);
      const double own = std::sqrt(total * total - noise * noise);
      for (const Observation& seen : directions[d].levels) {
        Classes above;  // P(probability >= kClasses[i])
        for (std::size_t i = 0; i < kClasses.size(); ++i) {
          above[i] = memory::normal_cdf(
              (mu - seen.voltage + noise * memory::normal_upper(kClasses[i])) / own);
        }
        for (std::size_t i = 0; i < kClasses.size(); ++i) {
          if (seen.in_class[i] == 0.0) continue;
          const double next = i + 1 < kClasses.size() ? above[i + 1] : 0.0;
          sum -= seen.in_class[i] * log_or_low((above[i] - next) / std::max(above[0], kTiny));
        }
      }
    }
    return sum;
  };
  const double most = 0.999 * smallest_sigma();
  const auto best = lowest(loss, 1e-6, most);
  Estimated noise;
  noise.value = best.first;
  const double step = 0.01 * noise.value;
  noise.error = noise.value + step < most ? curvature_error(loss, noise.value, step) : 0.0;
  result.read_noise = noise;
  if (noise.value > 0.95 * most) {
    result.notes.push_back(
        "read noise: the probabilities ask for more than the whole spread of the rates; other "
        "causes than read noise are at work");
  }
}

void Fitter::fit_column_effect(const Profile& profile) {
  double pairs = 0.0;
  for (const Direction& direction : directions) {
    for (const Observation& seen : direction.levels) pairs += seen.pairs_expected;
  }
  if (pairs < 1.0) {
    result.notes.push_back(
        "column effect: independent cells would not give one pair of errors in a column; too few "
        "errors, rows or columns");
    return;
  }
  if (columns < 8.0) {
    result.notes.push_back("column effect: fewer than eight columns");
    return;
  }
  const ColumnCounts counts = count_columns(profile, directions, fits);
  if (counts.errors == 0.0) {
    result.notes.push_back("column effect: no cell errs in at least half of its reads");
    return;
  }
  const double noise = result.read_noise ? result.read_noise->value : 0.0;
  std::vector<double> sigmas;  // without read noise, which a majority of reads does not see
  for (const Regression& fit : fits) {
    const double total = sigma_of(fit);
    sigmas.push_back(std::sqrt(std::max(total * total - noise * noise, 0.01 * total * total)));
  }
  result.columns = fit_columns(counts, fits, sigmas);
  const ColumnFit& found = *result.columns;
  const ColumnKind kind = found.best().kind;
  result.column_effect_is_significant = kind != ColumnKind::kIndependent;

  // Ratios of pairs become shifts with the direction that has most errors at the lowest voltage.
  std::size_t most = 0;
  for (std::size_t d = 1; d < directions.size(); ++d) {
    if (directions[d].levels[0].errors > directions[most].levels[0].errors) most = d;
  }
  const double total = sigma_of(fits[most]);
  const Estimated sigma{sigmas[most], to_voltages(fits[most]).total_sigma.error};
  const double z = fits[most].z(counts.voltages[0]) * total / sigma.value;
  result.column_sigma = kind == ColumnKind::kIndependent || kind == ColumnKind::kGaussian
                            ? found.models[1].column_sigma
                            : sigma_of_pairs(column_pairs(counts), z, sigma, 0.0);
  const LineEffects effects = line_effects(profile, z, sigma);
  result.row_effect = effects.rows;
  result.array_effect = effects.arrays;
  if (found.chi2_probability && *found.chi2_probability < 0.01) {
    result.notes.push_back(fmt::format(
        "columns: neither independent columns, nor Gaussian shifts, nor few bad columns, nor both "
        "describe the numbers of errors in columns (χ² {:.3g} at {} degrees of freedom for the "
        "best "
        "of them, \"{}\")",
        *found.chi2, found.degrees_of_freedom, name_of(kind)));
  }
}

/// The rest of S when read noise and column effect are removed.
void set_directions(Fitter& fitter) {
  ProfileFit& result = fitter.result;
  double others = 0.0;
  if (result.read_noise) others += std::pow(result.read_noise->value, 2);
  if (result.column_sigma) others += std::pow(result.column_sigma->value, 2);
  for (std::size_t d = 0; d < fitter.directions.size(); ++d) {
    DirectionFit fit = to_voltages(fitter.fits[d]);
    const double own = std::pow(fit.total_sigma.value, 2) - others;
    if (own <= 0.0) {
      result.notes.push_back(fmt::format(
          "σ of {}: read noise and column effect already are the whole spread, so it is 0",
          fitter.directions[d].up ? "0→1" : "1→0"));
    }
    fit.sigma = std::sqrt(std::max(own, 0.0));
    (fitter.directions[d].up ? result.up : result.down) = fit;
  }
}

/// Observed and fitted rates, and χ² over those for which the model expects at least 5 errors.
void judge(const Fitter& fitter, ProfileFit& result) {
  int parameters = result.share_is_fitted ? 1 : 0;
  int rates = 0;
  for (std::size_t d = 0; d < fitter.fits.size(); ++d) {
    parameters += 2;
    const Direction& direction = fitter.directions[d];
    for (const Observation& seen : direction.levels) {
      const double p = fitter.fits[d].rate(seen.voltage);
      const double expected = fitter.cells * p;
      if (expected < 5.0) continue;
      result.chi2 += std::pow(seen.errors - expected, 2) / (expected * (1.0 - p) * seen.inflation);
      ++rates;
    }
  }
  result.degrees_of_freedom = std::max(rates - parameters, 0);
  if (result.degrees_of_freedom > 0) {
    result.chi2_probability =
        boost::math::gamma_q(0.5 * result.degrees_of_freedom, 0.5 * result.chi2, Policy());
  } else {
    result.notes.push_back(
        "goodness of fit: as many parameters as rates, so the fit passes through all of them");
  }
}

void set_points(ProfileFit& result) {
  for (FitPoint& point : result.points) {
    point.fitted01 = result.rate01(point.voltage);
    point.fitted10 = result.rate10(point.voltage);
    // A direction without errors adds nothing. If one has errors and no fit, there is no sum.
    if ((!point.fitted01 && point.observed01 > 0.0) || (!point.fitted10 && point.observed10 > 0.0))
      continue;
    const double fitted = point.fitted01.value_or(0.0) + point.fitted10.value_or(0.0);
    const double observed = point.observed01 + point.observed10;
    if (fitted <= 0.0) continue;
    point.fitted = fitted;
    if (observed <= 0.0) continue;
    point.decades = std::log10(fitted / observed);
    result.largest_decades =
        std::max(result.largest_decades.value_or(0.0), std::abs(*point.decades));
  }
}

std::optional<double> rate_of(const std::optional<DirectionFit>& fit, double share,
                              double voltage) {
  if (!fit) return std::nullopt;
  return share * memory::normal_cdf((fit->mu.value - voltage) / fit->total_sigma.value);
}

}  // namespace

std::optional<double> ProfileFit::rate01(double voltage) const {
  return rate_of(up, share_01.value_or(0.0), voltage);
}

std::optional<double> ProfileFit::rate10(double voltage) const {
  return rate_of(down, 1.0 - share_01.value_or(1.0), voltage);
}

ProfileFit fit_profile(const Profile& profile) {
  BROWNOUT_CHECK(profile.cells() > 0 && !profile.levels.empty(), "{} cells, {} levels",
                 profile.cells(), profile.levels.size());
  Fitter fitter;
  fitter.cells = static_cast<double>(profile.cells());
  fitter.columns = static_cast<double>(profile.arrays) * profile.columns;
  ProfileFit& result = fitter.result;
  Direction up{true, {}}, down{false, {}};
  for (const ProfileLevel& level : profile.levels) {
    up.levels.push_back(observe(profile, level, true));
    down.levels.push_back(observe(profile, level, false));
    FitPoint point;
    point.voltage = level.voltage;
    point.observed01 = up.levels.back().rate;
    point.observed10 = down.levels.back().rate;
    result.points.push_back(point);
    const double both = point.observed01 + point.observed10;
    if (!result.share_01 && both > 0.0) result.share_01 = point.observed01 / both;
  }
  if (!result.share_01) {
    result.notes.push_back("nothing can be fitted: the profile has no errors");
    return result;
  }
  if (profile.levels.size() < 2) {
    result.notes.push_back(
        "one voltage: μ, σ, read noise and column effect need the slope over voltage, so at least "
        "two; only the share of 0→1 in its errors is known");
    return result;
  }
  for (Direction& direction : std::array<Direction, 2>{up, down}) {
    const char* name = direction.up ? "0→1" : "1→0";
    const int with_errors = direction.levels_with_errors();
    if (with_errors >= 2) {
      const double share = fitter.share(direction, *result.share_01);
      if (regress(direction, fitter.cells, share)) {
        fitter.directions.push_back(std::move(direction));
        continue;
      }
      result.notes.push_back(fmt::format("{}: its rates do not fall with voltage: no fit", name));
    } else if (with_errors == 1) {
      result.notes.push_back(
          fmt::format("{}: errors at one voltage only: μ and σ cannot be told apart", name));
    } else {
      result.notes.push_back(fmt::format("{}: no errors", name));
    }
  }
  if (fitter.directions.empty()) return result;
  fitter.fit_share();
  BROWNOUT_CHECK(fitter.fits.size() == fitter.directions.size(), "{} fits of {} directions",
                 fitter.fits.size(), fitter.directions.size());
  fitter.fit_read_noise();
  fitter.fit_column_effect(profile);
  set_directions(fitter);
  judge(fitter, result);
  set_points(result);
  return result;
}

}  // namespace brownout::profiles
