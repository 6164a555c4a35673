// SPDX-License-Identifier: Apache-2.0
// Columns and their legend.
#include "sim/report/savings.hpp"

#include <fmt/format.h>

#include "sim/report/run_prices.hpp"

namespace brownout::report {

namespace {

/// "0.82", or "0.82 to 3.10" if networks differ.
std::string access_shares_text(const std::vector<results::Point>& points) {
  const auto [low, high] = results::access_share_range(points);
  const std::string from = fmt::format("{:.2f}", 100.0 * low);
  const std::string to = fmt::format("{:.2f}", 100.0 * high);
  return from == to ? from : from + " to " + to;
}

}  // namespace

std::string access_saved(const results::Point& point) {
  return fmt::format("{:.1f}", point.savings().access_pct);
}

std::string all_saved(const results::Point& point) {
  const results::Savings savings = point.savings();
  return ranged_text(*savings.all_pct, savings.all_ends_pct, 2);
}

std::string all_saved(const results::SafeVoltageRow& row) {
  return ranged_text(*row.energy_saving_total_pct, row.energy_saving_total_ends_pct, 2);
}

std::string savings_note(const results::SweepResult& result) {
  std::string text = fmt::format(
      "  Access saved: dynamic energy of a weight access (a read, with all that protects it) "
      "against "
      "the unprotected memory at\n  Vmin, and nothing else. Second rail: {}.\n",
      result.rail);
  const results::Point& first = result.points.front();
  if (!first.access_share) return text;
  text += fmt::format(
      "  All saved: of all energy of an inference on {}, against the unprotected accelerator at\n"
      "  Vmin{}. Weight accesses are {} % of it there.\n",
      result.accelerator,
      first.energy_ends ? ", and in brackets with leakage at the ends of its range" : "",
      access_shares_text(result.points));
  return text;
}

}  // namespace brownout::report
