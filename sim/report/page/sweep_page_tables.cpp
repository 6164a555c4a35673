// SPDX-License-Identifier: Apache-2.0
// The tables of a sweep's page. A cell that a price decides says which one it is, so that the
// script can write into it.
#include <fmt/format.h>

#include <algorithm>

#include "sim/report/mitigation_report.hpp"
#include "sim/report/page/sweep_page.hpp"

namespace brownout::report {

namespace {

HtmlCell html_number(double value, const char* format, const std::string& field = "") {
  return {fmt::format(fmt::runtime(format), value), fmt::format("{}", value), field};
}

HtmlCell html_maybe(const std::optional<double>& value, const char* format, double factor = 1.0,
                    const std::string& field = "") {
  return value ? html_number(factor * *value, format, field) : HtmlCell{"–", "", field};
}

/// "7.49 ± 1.35".
HtmlCell html_spread(double mean, const std::optional<double>& std) {
  HtmlCell cell = html_number(mean, "{:.2f}");
  if (std) cell.html += fmt::format(" <span class=\"quiet\">± {:.2f}</span>", *std);
  return cell;
}

HtmlCell html_interval(const std::optional<std::array<double, 2>>& interval) {
  if (!interval) return {"–"};
  return {fmt::format("{:.2f} … {:.2f}", (*interval)[0], (*interval)[1]),
          fmt::format("{}", (*interval)[0])};
}

/// The network with its colour. `key` is the attribute that the check boxes filter by.
HtmlCell network_cell(const SweepPage& page, std::size_t network) {
  return {fmt::format("<i class=\"dot\" style=\"background:var(--n{})\"></i>{}",
                      network % kPageColours, html_text(page.networks[network].label)),
          page.networks[network].label};
}

std::string row_key(std::size_t network, std::size_t mitigation) {
  return fmt::format("data-row=\"{} {}\"", network, mitigation);
}

/// Half width, chips and evaluations.
void add_precision(const results::StoredPoint& point, std::vector<HtmlCell>& cells) {
  const std::optional<results::StoredPrecision>& precision = point.precision;
  cells.push_back(precision ? html_number(precision->half_width_points, "{:.3f}") : HtmlCell{"–"});
  if (precision && !precision->reached) cells.back().html += " (the chips have run out)";
  cells.push_back(html_number(static_cast<double>(point.chips), "{:.0f}"));
  cells.push_back(precision ? html_number(static_cast<double>(precision->evaluations), "{:.0f}")
                            : HtmlCell{"–"});
}

}  // namespace

HtmlTable safe_voltage_html(const SweepPage& page) {
  const std::vector<std::string> shown = shown_mitigations(page.mitigations);
  const bool several = shown.size() > 1;
  const bool accelerator = on_accelerator(page);
  std::vector<std::string> header{"network"};
  if (several) header.emplace_back("mitigation");
  header.insert(header.end(), {"clean error %", "safe V / Vmin", "bit errors %", "RErr %",
                               "worst die %", "within the limit", "access saved %"});
  if (accelerator) header.insert(header.end(), {"all saved %", "µJ / image", "latency, ms"});
  HtmlTable table("Lowest safe voltage", header, several ? 2 : 1);
  std::size_t stated = 0;  // of the points at safe voltages
  for (std::size_t s = 0; s < page.sweeps.size(); ++s) {
    for (const results::StoredSafeVoltage& row : page.sweeps[s].safe_voltage) {
      const std::size_t network = network_of(page, s, row.model);
      const std::size_t mitigation = mitigation_of(page, row.mitigation);
      std::vector<HtmlCell> cells{network_cell(page, network)};
      if (several) cells.push_back({html_text(shown[mitigation])});
      cells.push_back(html_number(row.err, "{:.2f}"));
      if (!row.voltage) {
        cells.push_back({"none: loses more at every voltage", "9"});
        cells.resize(header.size(), {"–"});
      } else {
        const std::string place = fmt::format("{}", stated++);
        cells.push_back(html_number(*row.voltage, "{:.4f}"));
        cells.push_back(html_maybe(row.rate, "{:.3g}", 100.0));
        cells.push_back(row.rerr_mean ? html_spread(*row.rerr_mean, row.rerr_std) : HtmlCell{"–"});
        cells.push_back(html_maybe(row.rerr_worst, "{:.2f}"));
        cells.push_back(row.within ? HtmlCell{fmt::format("{} of {}", *row.within, *row.stated_on),
                                              fmt::format("{}", *row.within)}
                                   : HtmlCell{"–"});
        cells.push_back(html_maybe(row.saving_access_pct, "{:.1f}", 1.0, "safe-access " + place));
        if (accelerator) {
          cells.push_back(html_maybe(row.saving_all_pct, "{:.2f}", 1.0, "safe-saved " + place));
          cells.push_back(html_maybe(row.energy_uj, "{:.4f}", 1.0, "safe-uj " + place));
          cells.push_back(html_maybe(row.latency_ms, "{:.4f}"));
        }
      }
      table.add(cells, row_key(network, mitigation));
    }
  }
  return table;
}

/// "95 % interval", or "interval" where sweeps state different ones.
std::string interval_heading(const SweepPage& page) {
  constexpr double kUsual = 0.95;
  const auto confidence = [&](const results::StoredSweep& sweep) {
    const auto& precision = sweep.points.front().precision;
    return precision ? precision->confidence : kUsual;
  };
  const double first = confidence(page.sweeps.front());
  for (const results::StoredSweep& sweep : page.sweeps) {
    if (confidence(sweep) != first) return "interval";
  }
  return fmt::format("{:g} % interval", 100.0 * first);
}

HtmlTable points_html(const SweepPage& page) {
  const std::vector<std::string> shown = shown_mitigations(page.mitigations);
  const bool several = shown.size() > 1;
  const bool accelerator = on_accelerator(page), voltages = !by_rate(page);
  std::vector<std::string> header{"network"};
  if (several) header.emplace_back("mitigation");
  if (voltages) header.emplace_back("V / Vmin");
  header.insert(header.end(), {"bit errors %", "RErr %", interval_heading(page)});
  if (voltages) header.emplace_back("access saved %");
  if (accelerator && voltages) header.insert(header.end(), {"all saved %", "µJ / image"});
  if (accelerator) header.emplace_back("latency, ms");
  if (accelerator && voltages) header.emplace_back("µJ · ms");
  const bool adaptive = std::any_of(
      page.sweeps.begin(), page.sweeps.end(),
      [](const results::StoredSweep& sweep) { return sweep.points.front().precision.has_value(); });
  if (adaptive) header.insert(header.end(), {"± points", "chips", "evaluations"});
  if (voltages) header.emplace_back("Pareto");
  HtmlTable table("Every point of the grid", header, several ? 2 : 1);
  std::size_t number = 0;
  for (std::size_t s = 0; s < page.sweeps.size(); ++s) {
    for (const results::StoredPoint& point : page.sweeps[s].points) {
      const std::size_t network = network_of(page, s, point.model);
      const std::size_t mitigation = mitigation_of(page, point.mitigation);
      const std::string place = fmt::format("{}", number++);
      std::vector<HtmlCell> cells{network_cell(page, network)};
      if (several) cells.push_back({html_text(shown[mitigation])});
      if (point.voltage) cells.push_back(html_number(*point.voltage, "{:.4f}"));
      cells.push_back(html_number(100.0 * point.rate, "{:.3g}"));
      cells.push_back(html_spread(point.rerr_mean, point.rerr_std));
      cells.push_back(point.precision ? html_interval(point.precision->interval)
                                      : html_interval(point.rerr_ci95_all));
      if (!voltages) {
        if (accelerator) cells.push_back(html_maybe(point.latency_ms, "{:.4f}"));
        if (adaptive) add_precision(point, cells);
        table.add(cells, row_key(network, mitigation));
        continue;
      }
      const auto saved = [](const std::optional<double>& relative) -> std::optional<double> {
        if (!relative) return std::nullopt;
        return 100.0 * (1.0 - *relative);
      };
      cells.push_back(html_maybe(saved(point.energy_sram_rel), "{:.1f}", 1.0, "access " + place));
      if (accelerator) {
        const std::optional<double> uj =
            point.energy ? std::optional<double>(point.energy->total()) : std::nullopt;
        cells.push_back(html_maybe(saved(point.energy_rel), "{:.2f}", 1.0, "saved " + place));
        cells.push_back(html_maybe(uj, "{:.4f}", 1.0, "uj " + place));
        cells.push_back(html_maybe(point.latency_ms, "{:.4f}"));
        cells.push_back(html_maybe(point.energy_delay(), "{:.4f}", 1.0, "edp " + place));
      }
      if (adaptive) add_precision(point, cells);
      cells.push_back({point.on_front ? "●" : "", point.on_front ? "0" : "1"});
      table.add(cells, row_key(network, mitigation));
    }
  }
  return table;
}

}  // namespace brownout::report
