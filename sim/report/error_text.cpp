// SPDX-License-Identifier: Apache-2.0
// Errors have two decimals everywhere.
#include "sim/report/error_text.hpp"

#include <fmt/format.h>

namespace brownout::report {

std::string spread_text(const results::Spread& spread) {
  std::string text = fmt::format("{:.2f}", spread.mean);
  if (spread.std) text += fmt::format(" ± {:.2f}", *spread.std);
  return text;
}

std::string interval_text(const std::optional<std::array<double, 2>>& interval, int digits) {
  if (!interval) return "";
  return fmt::format("{:.{}f} … {:.{}f}", (*interval)[0], digits, (*interval)[1], digits);
}

std::string p_text(const std::optional<double>& p) {
  if (!p) return "–";
  return *p < 0.001 ? "< 0.001" : fmt::format("{:.3f}", *p);
}

std::string images_text(const std::vector<results::ErrorSpread>& errors, std::int64_t images) {
  const std::optional<std::array<double, 2>> range = results::images_se_range(errors);
  if (!range) return "";
  const std::string low = fmt::format("{:.2f}", (*range)[0]);
  const std::string high = fmt::format("{:.2f}", (*range)[1]);
  return fmt::format("{} would move a mean by ± {}{} points (standard error)",
                     images == 1 ? "Another image" : fmt::format("Another {} images", images), low,
                     low == high ? "" : " to " + high);
}

}  // namespace brownout::report
