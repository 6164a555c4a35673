// SPDX-License-Identifier: Apache-2.0
// The standard normal distribution in double arithmetic, and tables of it for inner loops.
#pragma once

#include <array>
#include <cmath>
#include <cstdint>

namespace brownout::memory {

/// Φ(z).
double normal_cdf(double z);
/// φ(z).
inline double normal_density(double z) { return 0.3989422804014327 * std::exp(-0.5 * z * z); }
/// Φ⁻¹(1 - u), u in (0, 1), exact down to the smallest u.
double normal_upper(double u);

/// Cubic interpolation on equal steps; values and slopes at the knots are exact.
template <int kIntervals>
class CubicTable {
 public:
  /// Calls value(x) and slope(x) at the knots of [low, high].
  template <typename Value, typename Slope>
  CubicTable(double low, double high, const Value& value, const Slope& slope)
      : low_(low), scale_(kIntervals / (high - low)) {
    const double step = (high - low) / kIntervals;
    for (int i = 0; i < kIntervals; ++i) {
      const double a = low + step * i, b = a + step;
      const double ya = value(a), yb = value(b), da = slope(a) * step, db = slope(b) * step;
      pieces_[i] = {ya, da, 3.0 * (yb - ya) - 2.0 * da - db, 2.0 * (ya - yb) + da + db};
    }
  }
  /// x in [low, high).
  double operator()(double x) const {
    const double position = (x - low_) * scale_;
    auto i = static_cast<std::int64_t>(position);
    if (i >= kIntervals) i = kIntervals - 1;
    const std::array<double, 4>& c = pieces_[i];
    const double t = position - static_cast<double>(i);
    return c[0] + t * (c[1] + t * (c[2] + t * c[3]));
  }

 private:
  double low_, scale_;
  std::array<std::array<double, 4>, kIntervals> pieces_;
};

}  // namespace brownout::memory
