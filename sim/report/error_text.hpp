// SPDX-License-Identifier: Apache-2.0
// Errors with both of their sources, chips and images, for the terminal and for tables.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "sim/results/error_bars.hpp"

namespace brownout::report {

/// "6.00 ± 0.12": the mean and, for two or more chips, their standard deviation.
std::string spread_text(const results::Spread& spread);

/// "5.21 … 7.03", or "" for none.
std::string interval_text(const std::optional<std::array<double, 2>>& interval, int digits = 2);

/// "0.031", "< 0.001", or "–" for none.
std::string p_text(const std::optional<double>& p);

/// "Another 200 images would move a mean by ± 1.68 points (standard error)" for a list of errors in
/// one table, from the smallest to the largest; "" when none of them is known.
std::string images_text(const std::vector<results::ErrorSpread>& errors, std::int64_t images);

}  // namespace brownout::report
