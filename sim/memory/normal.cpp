// SPDX-License-Identifier: Apache-2.0
// Boost's error function, without the platform's long double.
#include "sim/memory/normal.hpp"

#include <boost/math/special_functions/erf.hpp>
#include <cmath>

namespace brownout::memory {
namespace {

using Policy = boost::math::policies::policy<boost::math::policies::promote_double<false>>;

}  // namespace

double normal_cdf(double z) { return 0.5 * boost::math::erfc(-z / std::sqrt(2.0), Policy()); }

double normal_upper(double u) { return std::sqrt(2.0) * boost::math::erfc_inv(2.0 * u, Policy()); }

}  // namespace brownout::memory
