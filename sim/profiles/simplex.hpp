// SPDX-License-Identifier: Apache-2.0
// The lowest point of a function of a few variables, without derivatives (Nelder and Mead 1965).
#pragma once

#include <functional>
#include <vector>

namespace brownout::profiles {

using Point = std::vector<double>;
using Loss = std::function<double(const Point&)>;

struct Lowest {
  Point at;
  double value = 0.0;
};

/// `steps`: how far the first simplex reaches in each variable, none of them 0. The search begins
/// again at its own result until that gains less than `tolerance`. The loss may be infinite, but
/// not at `start`, and is never a NaN.
Lowest lowest_point(const Loss& loss, const Point& start, const Point& steps,
                    double tolerance = 1e-5);

/// Standard errors of the variables where `loss` is −log L: the roots of the diagonal of the
/// inverse of its second derivatives at its lowest point. Empty where that matrix is not positive
/// definite, as at the end of a range or where log L does not fall in some direction.
std::vector<double> curvature_errors(const Loss& loss, const Lowest& lowest, const Point& steps);

}  // namespace brownout::profiles
