// SPDX-License-Identifier: Apache-2.0
// Reflection, expansion, contraction and shrinking; second derivatives by central differences.
#include "sim/profiles/simplex.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <numeric>
#include <utility>

namespace brownout::profiles {

namespace {

/// a + t·(b − a).
Point between(const Point& a, const Point& b, double t) {
  Point result(a.size());
  for (std::size_t i = 0; i < a.size(); ++i) result[i] = a[i] + t * (b[i] - a[i]);
  return result;
}

Lowest descend(const Loss& loss, const Point& start, const Point& steps, double tolerance) {
  const std::size_t n = start.size();
  std::vector<Lowest> corners{{start, loss(start)}};
  for (std::size_t i = 0; i < n; ++i) {
    Point corner = start;
    corner[i] += steps[i];
    const double value = loss(corner);
    corners.push_back({std::move(corner), value});
  }
  constexpr int kRounds = 400;
  for (int round = 0; round < kRounds; ++round) {
    std::stable_sort(corners.begin(), corners.end(),
                     [](const Lowest& a, const Lowest& b) { return a.value < b.value; });
    if (corners.back().value - corners.front().value < tolerance) break;
    Point centre(n, 0.0);
    for (std::size_t c = 0; c < n; ++c) {
      for (std::size_t i = 0; i < n; ++i) centre[i] += corners[c].at[i] / static_cast<double>(n);
    }
    Lowest& worst = corners.back();
    const auto tried = [&](double t) {
      Point at = between(centre, worst.at, t);
      const double value = loss(at);
      return Lowest{std::move(at), value};
    };
    Lowest next = tried(-1.0);
    if (next.value < corners.front().value) {
      Lowest further = tried(-2.0);
      if (further.value < next.value) next = std::move(further);
    } else if (next.value >= corners[n - 1].value) {
      next = tried(next.value < worst.value ? -0.5 : 0.5);
    }
    if (next.value < worst.value) {
      worst = std::move(next);
      continue;
    }
    for (std::size_t c = 1; c <= n; ++c) {
      corners[c].at = between(corners.front().at, corners[c].at, 0.5);
      corners[c].value = loss(corners[c].at);
    }
  }
  return *std::min_element(corners.begin(), corners.end(),
                           [](const Lowest& a, const Lowest& b) { return a.value < b.value; });
}

}  // namespace

Lowest lowest_point(const Loss& loss, const Point& start, const Point& steps, double tolerance) {
  Lowest best = descend(loss, start, steps, tolerance);
  for (int again = 0; again < 4; ++again) {
    const double before = best.value;
    best = descend(loss, best.at, steps, tolerance);
    if (before - best.value < 10.0 * tolerance) break;
  }
  return best;
}

std::vector<double> curvature_errors(const Loss& loss, const Lowest& lowest, const Point& steps) {
  const std::size_t n = lowest.at.size();
  // Steps at which −log L rises by about 0.1, so that neither rounding nor its third derivative
  // matters.
  Point step = steps;
  const auto shifted = [&](std::size_t i, double by_i, std::size_t j, double by_j) {
    Point at = lowest.at;
    at[i] += by_i * step[i];
    at[j] += by_j * step[j];
    return loss(at);
  };
  for (std::size_t i = 0; i < n; ++i) {
    for (int round = 0; round < 60; ++round) {
      const double rise = 0.5 * (shifted(i, 1.0, i, 0.0) + shifted(i, -1.0, i, 0.0)) - lowest.value;
      if (rise > 0.05 && rise < 0.2) break;
      const double factor = rise <= 0.0025 ? 2.0 : std::sqrt(0.1 / rise);
      step[i] *= std::clamp(factor, 0.05, 2.0);
    }
  }
  std::vector<Point> m(n,
                       Point(2 * n, 0.0));  // second derivatives, and the unit matrix beside them
  for (std::size_t i = 0; i < n; ++i) {
    m[i][n + i] = 1.0;
    m[i][i] = shifted(i, 1.0, i, 0.0) - 2.0 * lowest.value + shifted(i, -1.0, i, 0.0);
    for (std::size_t j = 0; j < i; ++j) {
      m[i][j] = m[j][i] = 0.25 * (shifted(i, 1.0, j, 1.0) - shifted(i, 1.0, j, -1.0) -
                                  shifted(i, -1.0, j, 1.0) + shifted(i, -1.0, j, -1.0));
    }
  }
  // Gauss and Jordan; without exchanges, because pivots of a positive definite matrix are positive.
  for (std::size_t i = 0; i < n; ++i) {
    if (!(m[i][i] > 1e-6) || !std::isfinite(m[i][i])) return {};
    const double pivot = m[i][i];
    for (double& x : m[i]) x /= pivot;
    for (std::size_t k = 0; k < n; ++k) {
      if (k == i) continue;
      const double factor = m[k][i];
      for (std::size_t j = 0; j < 2 * n; ++j) m[k][j] -= factor * m[i][j];
    }
  }
  std::vector<double> errors(n);
  for (std::size_t i = 0; i < n; ++i) {
    if (!(m[i][n + i] > 0.0)) return {};
    errors[i] = std::sqrt(m[i][n + i]) * std::abs(step[i]);
  }
  return errors;
}

}  // namespace brownout::profiles
