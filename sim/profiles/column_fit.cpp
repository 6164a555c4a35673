// SPDX-License-Identifier: Apache-2.0
// The maxima of the likelihood, their errors, the choice among distributions and its goodness of
// fit.
#include <algorithm>
#include <boost/math/special_functions/gamma.hpp>
#include <cmath>
#include <limits>
#include <map>
#include <utility>

#include "sim/base/error.hpp"
#include "sim/profiles/column_model.hpp"
#include "sim/profiles/simplex.hpp"

namespace brownout::profiles {

namespace {

using Policy = boost::math::policies::policy<boost::math::policies::promote_double<false>>;

constexpr double kInfinity = std::numeric_limits<double>::infinity();
/// 95 % for one parameter that is at the end of its range without an effect: a half of χ² is 0.
constexpr double kSignificant = 2.71;

/// The variables of the search. For each direction: z at the lowest voltage and ln of the σ of all
/// cells (of those in bad columns, if there are), which the data fix whatever the column effect is;
/// then the column effect.
class Search {
 public:
  Search(ColumnKind kind, const ColumnCounts& counts) : kind_(kind), counts_(counts) {}

  bool gaussian() const { return kind_ == ColumnKind::kGaussian || kind_ == ColumnKind::kBoth; }
  bool bad() const { return kind_ == ColumnKind::kBadColumns || kind_ == ColumnKind::kBoth; }
  std::size_t sigma_at() const { return 2 * counts_.weak.size(); }
  std::size_t share_at() const { return sigma_at() + (gaussian() ? 1 : 0); }
  std::size_t shift_at() const { return share_at() + 1; }

  /// None outside the range of the parameters.
  std::optional<ColumnModel> model(const Point& at) const {
    ColumnModel result;
    result.kind = kind_;
    result.parameters = static_cast<int>(at.size());
    if (gaussian()) result.column_sigma.value = std::abs(at[sigma_at()]);
    if (bad()) {
      result.bad_share.value = 1.0 / (1.0 + std::exp(-at[share_at()]));
      result.bad_shift.value = at[shift_at()];
      if (result.bad_shift.value < 0.0 || result.bad_shift.value > 2.0 ||
          result.bad_share.value > 0.5 || result.bad_share.value < 1e-9)
        return std::nullopt;
    }
    for (std::size_t d = 0; d < counts_.weak.size(); ++d) {
      const double total = std::exp(at[2 * d + 1]);
      const double own = total * total - result.column_sigma.value * result.column_sigma.value;
      if (!(total < 2.0) || !(own > 1e-4 * total * total) || std::abs(at[2 * d]) > 30.0)
        return std::nullopt;
      result.cells.push_back(
          {counts_.voltages[0] + at[2 * d] * total - result.bad_shift.value, std::sqrt(own)});
    }
    return result;
  }
  double loss(const Point& at) const {
    const auto here = model(at);
    return here ? -log_likelihood(*here, counts_) : kInfinity;
  }

 private:
  ColumnKind kind_;
  const ColumnCounts& counts_;
};

/// How far a variable can go from `from` towards `to` until log L, at its highest over all others,
/// is lower by `fall`; `to` if it never is.
double reach(const Search& search, const Lowest& lowest, const Point& steps, std::size_t variable,
             double fall, double from, double to) {
  Point start = lowest.at;
  Point other_steps = steps;
  start.erase(start.begin() + static_cast<std::ptrdiff_t>(variable));
  other_steps.erase(other_steps.begin() + static_cast<std::ptrdiff_t>(variable));
  const auto rises = [&](double value) {
    const auto loss = [&](const Point& others) {
      Point at = others;
      at.insert(at.begin() + static_cast<std::ptrdiff_t>(variable), value);
      return search.loss(at);
    };
    if (std::isinf(loss(start))) return true;
    return lowest_point(loss, start, other_steps, 1e-3).value - lowest.value > fall;
  };
  double low = from, high = to;
  for (int round = 0; round < 10; ++round) {
    const double middle = 0.5 * (low + high);
    (rises(middle) ? high : low) = middle;
  }
  return 0.5 * (low + high);
}

struct Found {
  ColumnModel model;
  Lowest lowest;
};

/// The best of several starts.
Found search_all(const Search& search, const ColumnCounts& counts, const std::vector<Point>& starts,
                 const Point& steps) {
  const auto loss = [&](const Point& at) { return search.loss(at); };
  std::optional<Lowest> best;
  for (const Point& start : starts) {
    if (std::isinf(search.loss(start))) continue;
    Lowest here = lowest_point(loss, start, steps);
    if (!best || here.value < best->value) best = std::move(here);
  }
  BROWNOUT_CHECK(best, "{} starts out of range", starts.size());
  Found found{*search.model(best->at), *best};
  found.model.log_likelihood = -best->value;
  found.model.bic =
      found.model.parameters * std::log(counts.columns) - 2.0 * found.model.log_likelihood;
  return found;
}

/// Standard errors from the curvature of log L. Where it has none: σcolumn up to where log L is
/// lower by one half; the shift of bad columns down to the least at 95 %.
void set_errors(const Search& search, const Point& steps, Found& found) {
  const auto loss = [&](const Point& at) { return search.loss(at); };
  ColumnModel& model = found.model;
  if (search.bad()) {
    // Twice the shift, with the bad columns as they are, would not be noticed.
    Point further = found.lowest.at;
    further[search.shift_at()] = std::min(2.0 * further[search.shift_at()], 1.99);
    if (search.loss(further) - found.lowest.value < 1.92) {
      const double least = reach(search, found.lowest, steps, search.shift_at(), 1.92,
                                 found.lowest.at[search.shift_at()], 0.0);
      Point at = found.lowest.at;
      at[search.shift_at()] = least;
      if (const auto lesser = search.model(at)) {
        model.cells = lesser->cells;
        model.bad_shift.value = least;
        model.bad_shift_is_least = true;
      }
    }
  }
  const std::vector<double> errors = curvature_errors(loss, found.lowest, steps);
  if (!errors.empty()) {
    if (search.gaussian()) model.column_sigma.error = errors[search.sigma_at()];
    if (search.bad()) {
      const double share = model.bad_share.value;
      model.bad_share.error = errors[search.share_at()] * share * (1.0 - share);
      if (!model.bad_shift_is_least) model.bad_shift.error = errors[search.shift_at()];
    }
  }
}

/// Probability of n errors in a column, over all shifts, for n = 0, 1, … one after the other.
class CountDistribution {
 public:
  CountDistribution(const ColumnModel& model, const ColumnCounts& counts) : rows_(counts.rows) {
    for (const Node& node : nodes_of(model, counts)) {
      const double rate = std::max(lowest_rate(model, counts, node.shift), 1e-300);
      odds_.push_back(std::log(rate) - std::log1p(-rate));
      logs_.push_back(log_or_low(node.weight) + rows_ * std::log1p(-rate));
    }
  }
  double next() {
    double sum = 0.0;
    const double step = std::log((rows_ - n_) / (n_ + 1.0));
    for (std::size_t i = 0; i < logs_.size(); ++i) {
      sum += std::exp(logs_[i]);
      logs_[i] += odds_[i] + step;
    }
    n_ += 1.0;
    return sum;
  }

 private:
  double rows_, n_ = 0.0;
  std::vector<double> odds_, logs_;
};

/// χ² of the numbers of columns with n errors.
void judge(const ColumnCounts& counts, ColumnFit& fit) {
  std::map<std::size_t, double> seen;
  for (const ColumnPattern& pattern : counts.patterns) {
    seen[static_cast<std::size_t>(pattern.errors)] += pattern.columns;
  }
  CountDistribution distribution(fit.best(), counts);
  std::vector<std::pair<double, double>> classes;  // seen, expected
  double open_seen = 0.0, open_expected = 0.0, rest = counts.columns;
  for (std::size_t n = 0; n <= static_cast<std::size_t>(counts.rows) && rest >= 5.0; ++n) {
    const auto found = seen.find(n);
    if (found != seen.end()) open_seen += found->second;
    const double here = counts.columns * distribution.next();
    open_expected += here;
    rest -= here;
    if (open_expected < 5.0 || rest < 5.0) continue;
    classes.emplace_back(open_seen, open_expected);
    open_seen = open_expected = 0.0;
  }
  double all_seen = counts.columns, all_expected = counts.columns, chi2 = 0.0;
  for (const auto& [is, expected] : classes) {
    chi2 += (is - expected) * (is - expected) / expected;
    all_seen -= is, all_expected -= expected;
  }
  if (all_expected > 0.0)
    chi2 += (all_seen - all_expected) * (all_seen - all_expected) / all_expected;
  // The mean of the counts is fitted too, with μ and σ.
  const int effect = fit.best().parameters - 2 * static_cast<int>(counts.weak.size());
  fit.degrees_of_freedom = std::max(static_cast<int>(classes.size()) - 1 - effect, 0);
  if (fit.degrees_of_freedom == 0) return;
  fit.chi2 = chi2;
  fit.chi2_probability = boost::math::gamma_q(0.5 * fit.degrees_of_freedom, 0.5 * chi2, Policy());
}

/// Pairs in a column relative to those of independent cells; the deviation from the moments of the
/// model's counts, by the delta method.
void set_pairs(const ColumnCounts& counts, ColumnFit& fit) {
  double pairs = 0.0;
  for (const ColumnPattern& pattern : counts.patterns) {
    pairs += pattern.columns * 0.5 * pattern.errors * (pattern.errors - 1.0);
  }
  const double cells = counts.rows * counts.columns;
  const double expected =
      0.5 * counts.errors * (counts.errors - 1.0) * (counts.rows - 1.0) / (cells - 1.0);
  if (expected > 0.0) fit.pair_ratio = pairs / expected;
  // Factorial moments of a binomial mixture: E[n(n−1)…] = L(L−1)…·E[F^j].
  const double l = counts.rows;
  double f1 = 0.0, f2 = 0.0, f3 = 0.0, f4 = 0.0;
  for (const Node& node : nodes_of(fit.best(), counts)) {
    const double f = lowest_rate(fit.best(), counts, node.shift);
    f1 += node.weight * f, f2 += node.weight * f * f;
    f3 += node.weight * f * f * f, f4 += node.weight * f * f * f * f;
  }
  if (!(f1 > 0.0)) return;
  fit.model_pair_ratio = f2 / (f1 * f1);
  const double m1 = l * f1, m2 = l * (l - 1.0) * f2, m3 = l * (l - 1.0) * (l - 2.0) * f3,
               m4 = l * (l - 1.0) * (l - 2.0) * (l - 3.0) * f4;
  // u = n(n−1) and n: Var u = m4 + 4·m3 + 2·m2 − m2², Var n = m2 + m1 − m1², Cov = m3 + 2·m2 −
  // m1·m2.
  const double var_u = m4 + 4.0 * m3 + 2.0 * m2 - m2 * m2;
  const double var_n = m2 + m1 - m1 * m1;
  const double cov = m3 + 2.0 * m2 - m1 * m2;
  if (!(m2 > 0.0)) return;
  const double relative = var_u / (m2 * m2) + 4.0 * var_n / (m1 * m1) - 4.0 * cov / (m1 * m2);
  fit.model_pair_ratio_error =
      fit.model_pair_ratio * std::sqrt(std::max(relative, 0.0) / counts.columns);
}

/// z of a rate among the cells that are weak.
double z_of(double rate) { return -memory::normal_upper(std::clamp(rate, 1e-12, 0.9)); }

struct Starts {
  std::vector<Point> points;
  Point steps;
};

/// Where to begin: as the rates have it, with small and large column effects.
Starts starts_of(const Search& search, const ColumnCounts& counts,
                 const std::vector<Regression>& fits, const std::vector<double>& sigmas) {
  Starts starts;
  for (std::size_t d = 0; d < fits.size(); ++d) {
    starts.steps.push_back(0.1);
    starts.steps.push_back(0.1);
  }
  if (search.gaussian()) starts.steps.push_back(0.2 * sigmas[0]);
  if (search.bad()) {
    starts.steps.push_back(0.5);
    starts.steps.push_back(0.3 * sigmas[0]);
  }
  const double least = *std::min_element(sigmas.begin(), sigmas.end());
  const std::vector<double> effects =
      search.gaussian() ? std::vector<double>{0.15, 0.6} : std::vector<double>{0.0};
  const std::vector<double> shares =
      search.bad() ? std::vector<double>{0.005, 0.04, 0.2} : std::vector<double>{0.0};
  for (const double effect : effects) {
    for (const double share : shares) {
      Point at;
      double shift = 0.0;
      for (std::size_t d = 0; d < fits.size(); ++d) {
        double z = fits[d].z(counts.voltages[0]);
        if (search.bad()) {
          // The bad columns make 70 % of the errors.
          const double rate = memory::normal_cdf(z);
          z = z_of(0.7 * rate / share);
          shift = std::max(shift, (z - z_of(0.3 * rate / (1.0 - share))) * sigmas[d]);
        }
        at.push_back(z);
        at.push_back(std::log(sigmas[d]));
      }
      if (search.gaussian()) at.push_back(effect * least);
      if (search.bad()) {
        at.push_back(std::log(share / (1.0 - share)));
        at.push_back(std::clamp(shift, 0.05 * sigmas[0], 1.5));
      }
      starts.points.push_back(std::move(at));
    }
  }
  return starts;
}

/// Both effects begin where one of them ended: Gaussian shifts with some bad columns, and bad
/// columns with small Gaussian shifts.
std::vector<Point> starts_of_both(const ColumnFit& fit, const ColumnCounts& counts,
                                  const std::vector<double>& sigmas) {
  std::vector<Point> points;
  for (const ColumnKind kind : {ColumnKind::kGaussian, ColumnKind::kBadColumns}) {
    const ColumnModel& from = fit.models[static_cast<std::size_t>(kind)];
    const bool gaussian = kind == ColumnKind::kGaussian;
    const double sigma = gaussian ? from.column_sigma.value : 0.2 * from.cells[0].sigma;
    const double share = gaussian ? 0.05 : from.bad_share.value;
    const double shift = gaussian ? 0.5 * sigmas[0] : from.bad_shift.value;
    Point at;
    for (const ColumnModel::Cells& cells : from.cells) {
      const double total = std::hypot(cells.sigma, sigma);
      at.push_back((cells.mu + shift - counts.voltages[0]) / total);
      at.push_back(std::log(total));
    }
    at.insert(at.end(), {sigma, std::log(share / (1.0 - share)), shift});
    points.push_back(std::move(at));
  }
  return points;
}

}  // namespace

ColumnFit fit_columns(const ColumnCounts& counts, const std::vector<Regression>& fits,
                      const std::vector<double>& sigmas) {
  BROWNOUT_CHECK(counts.columns >= 8.0 && counts.errors > 0.0, "{} columns, {} errors",
                 counts.columns, counts.errors);
  ColumnFit fit;
  const auto add = [&](ColumnKind kind) {
    const Search search(kind, counts);
    Starts starts = starts_of(search, counts, fits, sigmas);
    if (kind == ColumnKind::kBoth) starts.points = starts_of_both(fit, counts, sigmas);
    Found found = search_all(search, counts, starts.points, starts.steps);
    if (kind != ColumnKind::kIndependent) set_errors(search, starts.steps, found);
    if (kind == ColumnKind::kGaussian) {
      const double gain = 2.0 * (found.model.log_likelihood - fit.models.front().log_likelihood);
      if (gain <= kSignificant || found.model.column_sigma.error == 0.0) {
        const double sigma = found.model.column_sigma.value;
        const double most = reach(search, found.lowest, starts.steps, search.sigma_at(), 0.5, sigma,
                                  *std::min_element(sigmas.begin(), sigmas.end()));
        found.model.column_sigma.error = std::max(most - sigma, 0.0);
      }
    }
    fit.models.push_back(std::move(found.model));
  };
  const auto choose = [&] {
    const auto bic = [&](std::size_t i) { return fit.models[i].bic; };
    const double gain = 2.0 * (fit.models[1].log_likelihood - fit.models[0].log_likelihood);
    std::size_t best = 1;
    for (std::size_t i = 2; i < fit.models.size(); ++i) {
      if (bic(i) < bic(best)) best = i;
    }
    fit.chosen = gain > kSignificant || bic(best) < bic(0) ? best : 0;
    fit.chi2.reset(), fit.chi2_probability.reset();
    judge(counts, fit);
  };
  for (const ColumnKind kind :
       {ColumnKind::kIndependent, ColumnKind::kGaussian, ColumnKind::kBadColumns}) {
    add(kind);
  }
  choose();
  if (fit.chosen != 0 && fit.chi2_probability && *fit.chi2_probability < 0.05) {
    add(ColumnKind::kBoth);
    choose();
  }
  set_pairs(counts, fit);
  return fit;
}

}  // namespace brownout::profiles
