// SPDX-License-Identifier: Apache-2.0
// Fisher scoring from a least-squares start.
#include "sim/profiles/profile_regression.hpp"

#include <utility>

namespace brownout::profiles {

namespace {

/// Φ⁻¹(p).
double probit(double p) { return -memory::normal_upper(p); }

}  // namespace

Observation observe(const Profile& profile, const ProfileLevel& level, bool up) {
  Observation seen;
  seen.voltage = level.voltage;
  const std::uint64_t columns = profile.columns;
  const std::uint64_t array_cells = static_cast<std::uint64_t>(profile.rows) * columns;
  std::vector<double> in_column(static_cast<std::size_t>(profile.arrays) * columns, 0.0);
  double squares = 0.0;
  for (const ProfileCell& cell : level.cells) {
    const auto q = static_cast<double>(up ? cell.p01 : cell.p10);
    if (q <= 0.0) continue;
    seen.errors += q;
    squares += q * q;
    in_column[cell.cell / array_cells * columns + cell.cell % columns] += q;
    for (std::size_t i = kClasses.size(); i-- > 0;) {
      // In single precision, as the threshold is defined.
      if (static_cast<float>(q) < static_cast<float>(kClasses[i])) continue;
      seen.in_class[i] += 1.0;
      break;
    }
  }
  const auto cells = static_cast<double>(profile.cells());
  seen.rate = seen.errors / cells;
  const auto lines = static_cast<double>(in_column.size());
  double column_squares = 0.0;
  for (const double sum : in_column) column_squares += sum * sum;
  const double rows = profile.rows;
  // Few columns say little about the variance of their sums.
  if (seen.errors > 0.0 && lines >= 8.0 && seen.rate < 1.0) {
    const double mean = seen.errors / lines;
    const double variance = (column_squares - lines * mean * mean) / (lines - 1.0);
    seen.inflation = std::max(variance / (rows * seen.rate * (1.0 - seen.rate)), 0.05);
  }
  if (rows > 1.0 && lines > 1.0) {
    seen.pairs_expected =
        0.5 * (seen.errors * seen.errors - squares) * (rows - 1.0) / (cells - 1.0);
  }
  return seen;
}

std::optional<Regression> regress(const Direction& direction, double cells, double weak) {
  Regression fit;
  fit.weak = weak;
  double weight = 0.0;
  for (const Observation& seen : direction.levels) {
    fit.centre += seen.errors * seen.voltage;
    weight += seen.errors;
  }
  fit.centre /= weight;
  // The start: least squares through the levels with errors.
  double n = 0, x = 0, xx = 0, y = 0, xy = 0;
  for (const Observation& seen : direction.levels) {
    if (seen.errors <= 0.0) continue;
    const double v = seen.voltage - fit.centre;
    const double z = probit(std::clamp(seen.rate / weak, 1e-15, 1.0 - 1e-15));
    n += 1, x += v, xx += v * v, y += z, xy += v * z;
  }
  const double spread = n * xx - x * x;
  if (n < 2 || spread <= 0.0) return std::nullopt;
  fit.b = (n * xy - x * y) / spread;
  fit.a = (y - fit.b * x) / n;
  if (fit.b >= 0.0) return std::nullopt;

  double change = 1.0;
  for (int round = 0; round < 200 && change > 1e-12; ++round) {
    double w0 = 0, w1 = 0, w2 = 0, g0 = 0, g1 = 0;
    for (const Observation& seen : direction.levels) {
      const double v = seen.voltage - fit.centre;
      const double p = std::clamp(fit.rate(seen.voltage), kTiny, 1.0 - 1e-16);
      const double density = weak * memory::normal_density(fit.z(seen.voltage));
      const double scale = density / (p * (1.0 - p)) / seen.inflation;
      const double information = cells * density * scale;
      const double gradient = (seen.errors - cells * p) * scale;
      w0 += information, w1 += information * v, w2 += information * v * v;
      g0 += gradient, g1 += gradient * v;
    }
    const double determinant = w0 * w2 - w1 * w1;
    if (!(determinant > 0.0)) return std::nullopt;
    double step_a = (w2 * g0 - w1 * g1) / determinant;
    double step_b = (w0 * g1 - w1 * g0) / determinant;
    // Never across b = 0, where rates no longer fall.
    while (fit.b + step_b >= 0.0) step_a *= 0.5, step_b *= 0.5;
    fit.a += step_a;
    fit.b += step_b;
    change = std::abs(step_a) + std::abs(step_b / fit.b);
    fit.var_a = w2 / determinant;
    fit.var_b = w0 / determinant;
    fit.cov = -w1 / determinant;
  }
  if (!std::isfinite(fit.a) || !std::isfinite(fit.b) || fit.b > -1e-6) return std::nullopt;
  for (const Observation& seen : direction.levels) {
    const double p = fit.rate(seen.voltage);
    fit.log_likelihood +=
        (seen.errors * log_or_low(p) + (cells - seen.errors) * log_or_low(1.0 - p)) /
        seen.inflation;
  }
  return fit;
}

DirectionFit to_voltages(const Regression& fit) {
  DirectionFit result;
  result.mu.value = fit.centre - fit.a / fit.b;
  result.total_sigma.value = -1.0 / fit.b;
  // Delta method: ∂μ/∂a = −1/b, ∂μ/∂b = a/b², ∂S/∂b = 1/b².
  const double da = -1.0 / fit.b;
  const double db = fit.a / (fit.b * fit.b);
  result.mu.error = std::sqrt(da * da * fit.var_a + db * db * fit.var_b + 2.0 * da * db * fit.cov);
  result.total_sigma.error = std::sqrt(fit.var_b) / (fit.b * fit.b);
  result.sigma = result.total_sigma.value;
  return result;
}

}  // namespace brownout::profiles
