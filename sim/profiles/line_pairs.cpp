// SPDX-License-Identifier: Apache-2.0
// Counts of pairs, their expectations, and bisection for σ.
#include "sim/profiles/line_pairs.hpp"

#include <algorithm>
#include <boost/math/special_functions/gamma.hpp>
#include <boost/math/special_functions/owens_t.hpp>
#include <cmath>
#include <random>

namespace brownout::profiles {

namespace {

using Policy = boost::math::policies::policy<boost::math::policies::promote_double<false>>;

/// Φ₂(z, z; r): probability that both of two cells err.
double both(double z, double r) {
  return memory::normal_cdf(z) -
         2.0 * boost::math::owens_t(z, std::sqrt((1.0 - r) / (1.0 + r)), Policy());
}

/// r with which pairs are `ratio` times as frequent as with r0.
double correlation(double ratio, double z, double r0) {
  if (ratio <= 1.0) return r0;
  const double wanted = ratio * both(z, r0);
  double low = r0, high = 0.999;
  for (int round = 0; round < 60; ++round) {
    const double middle = 0.5 * (low + high);
    (both(z, middle) < wanted ? low : high) = middle;
  }
  return 0.5 * (low + high);
}

/// Relative error of Σ pairs/(Σ errors)², by the share of each line in both.
double relative_error(const std::vector<double>& pairs, const std::vector<double>& errors) {
  double all_pairs = 0.0, all_errors = 0.0, sum = 0.0;
  for (const double p : pairs) all_pairs += p;
  for (const double e : errors) all_errors += e;
  if (all_pairs <= 0.0) return 0.0;
  for (std::size_t i = 0; i < pairs.size(); ++i) {
    sum += std::pow(pairs[i] / all_pairs - 2.0 * errors[i] / all_errors, 2);
  }
  return std::sqrt(sum);
}

RatioOfPairs ratio_of(double pairs, double expected, double relative) {
  RatioOfPairs result;
  result.ratio = pairs / expected;
  // At least the scatter of the number of pairs itself: no pair is not a certain 0.
  result.error = std::max(result.ratio * relative, std::sqrt(std::max(pairs, 1.0)) / expected);
  return result;
}

/// The errors of the lowest voltage, counted.
struct Counts {
  std::size_t arrays, rows, columns;
  std::vector<double> by_column;  // array·columns + column
  std::vector<double> by_row;     // array·rows + row
  double errors = 0.0;
};

Counts count(const Profile& profile) {
  Counts counts{static_cast<std::size_t>(profile.arrays),
                static_cast<std::size_t>(profile.rows),
                static_cast<std::size_t>(profile.columns),
                {},
                {}};
  counts.by_column.resize(counts.arrays * counts.columns);
  counts.by_row.resize(counts.arrays * counts.rows);
  for (const ProfileCell& cell : profile.levels.front().cells) {
    if (std::max(cell.p01, cell.p10) < 0.5f) continue;
    const std::size_t row = cell.cell / counts.columns;  // of all arrays
    counts.by_row[row] += 1.0;
    counts.by_column[row / counts.rows * counts.columns + cell.cell % counts.columns] += 1.0;
    counts.errors += 1.0;
  }
  return counts;
}

std::optional<PairEffect> row_effect(const Counts& counts, double z, const Estimated& total_sigma,
                                     double array_sigma) {
  if (counts.rows < 8 || counts.columns < 2) return std::nullopt;
  const auto rows = static_cast<double>(counts.rows);
  PairEffect effect;
  double variance = 0.0;
  for (std::size_t array = 0; array < counts.arrays; ++array) {
    double n = 0.0, nn = 0.0, v = 0.0, vv = 0.0;
    for (std::size_t column = 0; column < counts.columns; ++column) {
      const double here = counts.by_column[array * counts.columns + column];
      const double scatter = here * (rows - here);
      n += here, nn += here * here, v += scatter, vv += scatter * scatter;
    }
    effect.expected += 0.5 * (n * n - nn) / rows;
    variance += 0.5 * (v * v - vv) / (rows * rows * (rows - 1.0));
  }
  if (effect.expected <= 0.0) return std::nullopt;
  std::vector<double> pairs;
  for (const double here : counts.by_row) pairs.push_back(0.5 * here * (here - 1.0));
  for (const double here : pairs) effect.pairs += here;
  if (effect.expected < 10.0) {
    effect.probability =
        effect.pairs > 0.0 ? boost::math::gamma_p(effect.pairs, effect.expected, Policy()) : 1.0;
  } else {
    effect.probability =
        memory::normal_cdf((effect.expected + 0.5 - effect.pairs) / std::sqrt(variance));
  }
  effect.significant = effect.probability < 0.05;
  effect.sigma =
      sigma_of_pairs(ratio_of(effect.pairs, effect.expected, relative_error(pairs, counts.by_row)),
                     z, total_sigma, array_sigma);
  return effect;
}

std::optional<PairEffect> array_effect(const Counts& counts, double z,
                                       const Estimated& total_sigma) {
  if (counts.arrays < 4 || counts.columns < 2) return std::nullopt;
  std::vector<double> columns = counts.by_column;
  std::vector<double> pairs(counts.arrays), errors(counts.arrays);
  // Pairs of errors in different columns of one array.
  const auto sum_of_pairs = [&] {
    double sum = 0.0;
    for (std::size_t array = 0; array < counts.arrays; ++array) {
      double n = 0.0, nn = 0.0;
      for (std::size_t i = array * counts.columns; i < (array + 1) * counts.columns; ++i) {
        n += columns[i], nn += columns[i] * columns[i];
      }
      pairs[array] = 0.5 * (n * n - nn);
      errors[array] = n;
      sum += pairs[array];
    }
    return sum;
  };
  PairEffect effect;
  effect.pairs = sum_of_pairs();
  const double relative = relative_error(pairs, errors);
  double squares = 0.0;
  for (const double n : columns) squares += n * n;
  const double all = 0.5 * (counts.errors * counts.errors - squares);
  const auto lines = static_cast<double>(columns.size());
  const double within = 0.5 * static_cast<double>(counts.arrays * counts.columns) *
                        static_cast<double>(counts.columns - 1);
  const double across = 0.5 * lines * (lines - 1.0) - within;
  // Pairs of columns in different arrays show what independent columns have.
  effect.expected = (all - effect.pairs) * within / across;
  if (effect.expected <= 0.0) return std::nullopt;
  constexpr int kExchanges = 999;
  std::mt19937_64 random(1);
  int as_many = 0;
  for (int i = 0; i < kExchanges; ++i) {
    for (std::size_t k = columns.size(); k > 1; --k) {
      std::swap(columns[k - 1], columns[random() % k]);
    }
    if (sum_of_pairs() >= effect.pairs) ++as_many;
  }
  effect.probability = (1.0 + as_many) / (1.0 + kExchanges);
  effect.significant = effect.probability < 0.05;
  effect.sigma =
      sigma_of_pairs(ratio_of(effect.pairs, effect.expected, relative), z, total_sigma, 0.0);
  return effect;
}

}  // namespace

Estimated sigma_of_pairs(const RatioOfPairs& pairs, double z, const Estimated& total_sigma,
                         double base_sigma) {
  const double total = total_sigma.value;
  const double r0 = std::min(base_sigma * base_sigma / (total * total), 0.99);
  const auto sigma_at = [&](double ratio) {
    return total * std::sqrt(std::max(correlation(ratio, z, r0) - r0, 0.0));
  };
  Estimated sigma;
  sigma.value = sigma_at(pairs.ratio);
  // Upwards, because σ has no slope at a ratio of 1.
  const double from_ratio = sigma_at(std::max(pairs.ratio, 1.0) + pairs.error) - sigma.value;
  const double from_total = sigma.value / total * total_sigma.error;
  sigma.error = std::hypot(from_ratio, from_total);
  return sigma;
}

RatioOfPairs column_pairs(const ColumnCounts& counts) {
  double all_pairs = 0.0, influence = 0.0;
  for (const ColumnPattern& pattern : counts.patterns) {
    all_pairs += pattern.columns * 0.5 * pattern.errors * (pattern.errors - 1.0);
  }
  const double cells = counts.rows * counts.columns;
  const double expected =
      0.5 * counts.errors * (counts.errors - 1.0) * (counts.rows - 1.0) / (cells - 1.0);
  if (!(expected > 0.0)) return {1.0, 0.0};
  for (const ColumnPattern& pattern : counts.patterns) {
    const double pairs = 0.5 * pattern.errors * (pattern.errors - 1.0);
    if (all_pairs <= 0.0) break;
    influence +=
        pattern.columns * std::pow(pairs / all_pairs - 2.0 * pattern.errors / counts.errors, 2);
  }
  return ratio_of(all_pairs, expected, std::sqrt(influence));
}

LineEffects line_effects(const Profile& profile, double z, const Estimated& total_sigma) {
  LineEffects effects;
  const Counts counts = count(profile);
  effects.arrays = array_effect(counts, z, total_sigma);
  const double array_sigma =
      effects.arrays && effects.arrays->significant ? effects.arrays->sigma.value : 0.0;
  effects.rows = row_effect(counts, z, total_sigma, array_sigma);
  return effects;
}

}  // namespace brownout::profiles
