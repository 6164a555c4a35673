// SPDX-License-Identifier: Apache-2.0
// Differences of two errors on the same chips and images.
#pragma once
#include <string>

#include "sim/base/json.hpp"
#include "sim/results/comparison.hpp"
#include "sim/results/sweep_result.hpp"

namespace brownout::report {

/// "+1.20 (+0.80 … +1.60)".
std::string difference_text(const results::Difference& difference);
Json difference_json(const results::Difference& difference);

/// What the intervals and p of a difference of RErr are about: "other chips and other images". `of`
/// is what it is a mean over (populations.hpp), so many of them.
std::string difference_population(std::size_t count, const std::string& of);

/// The differences that a sweep file asks for; "" when it asks for none.
std::string sweep_differences_text(const results::SweepResult& result);
Json sweep_differences_json(const results::SweepResult& result);
std::string sweep_differences_csv(const results::SweepResult& result);

}  // namespace brownout::report
