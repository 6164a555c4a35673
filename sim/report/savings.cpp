// SPDX-License-Identifier: Apache-2.0
// Columns and their legend.
#include "sim/report/savings.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "sim/report/run_prices.hpp"

namespace brownout::report {

namespace {

double saved(double relative) { return 100.0 * (1.0 - relative); }

/// "0.82", or "0.82 to 3.10" if networks differ.
std::string shares_text(const std::vector<results::Point>& points) {
  const auto less = [](const results::Point& a, const results::Point& b) {
    return *a.access_share < *b.access_share;
  };
  const auto [low, high] = std::minmax_element(points.begin(), points.end(), less);
  const std::string from = fmt::format("{:.2f}", 100.0 * *low->access_share);
  const std::string to = fmt::format("{:.2f}", 100.0 * *high->access_share);
  return from == to ? from : from + " to " + to;
}

}  // namespace

std::string access_saved(const results::Point& point) {
  return fmt::format("{:.1f}", saved(*point.energy_sram_rel));
}

std::string all_saved(const results::Point& point) {
  std::optional<std::array<double, 2>> ends;
  if (point.energy_ends) {
    ends = {{saved(point.energy_ends->rel[0]), saved(point.energy_ends->rel[1])}};
  }
  return ranged_text(saved(*point.energy_rel), ends, 2);
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
      shares_text(result.points));
  return text;
}

}  // namespace brownout::report
