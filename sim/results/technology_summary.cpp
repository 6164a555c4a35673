// SPDX-License-Identifier: Apache-2.0
#include "sim/results/technology_summary.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <utility>

#include "sim/technology/technology.hpp"

namespace brownout::results {

namespace {

constexpr double kSameShown = 1e-4;  // Vmin: tables show no smaller difference
constexpr int kStepsOfVmin = 20;     // of a comparison: every 0.05 Vmin

TechnologyPoint point_at(const technology::Technology& technology, double voltage) {
  TechnologyPoint point;
  point.voltage = voltage;
  if (technology.vmin_volt()) point.volt = voltage * *technology.vmin_volt();
  if (voltage < technology.lowest_voltage() || voltage > technology.highest_voltage()) {
    return point;
  }
  point.rate = technology.bit_error_rate(voltage);
  point.access_energy = technology.access_energy_relative(voltage);
  if (technology.has_energies()) point.leakage = technology.sram_leakage_relative(voltage);
  return point;
}

}  // namespace

TechnologySummary summarize(const technology::Technology& technology,
                            std::vector<double> voltages) {
  TechnologySummary summary;
  summary.name = technology.name();
  summary.file = technology.file();
  summary.lowest = technology.lowest_voltage();
  summary.highest = technology.highest_voltage();
  summary.vmin_volt = technology.vmin_volt();
  summary.rail = technology.rail().text();
  summary.has_energies = technology.has_energies();
  std::sort(voltages.begin(), voltages.end(), std::greater<double>());
  voltages.erase(std::unique(voltages.begin(), voltages.end()), voltages.end());
  for (const double voltage : voltages) summary.points.push_back(point_at(technology, voltage));
  for (const technology::SourcedRow& row : technology.rows()) {
    summary.rows.push_back({row.key, row.value, row.trust, row.source});
  }
  return summary;
}

TechnologySummary summarize(const technology::Technology& technology) {
  std::vector<double> voltages = technology.stated_voltages();
  for (const double end : {technology.lowest_voltage(), technology.highest_voltage()}) {
    const auto near = [&](double voltage) { return std::abs(voltage - end) < kSameShown; };
    if (std::none_of(voltages.begin(), voltages.end(), near)) voltages.push_back(end);
  }
  const double low = technology.lowest_voltage(), high = technology.highest_voltage();
  voltages.erase(std::remove_if(voltages.begin(), voltages.end(),
                                [&](double v) { return v < low || v > high; }),
                 voltages.end());
  if (low <= technology::kVmin && high >= technology::kVmin) voltages.push_back(technology::kVmin);
  return summarize(technology, std::move(voltages));
}

std::vector<TechnologySummary> side_by_side(
    const std::vector<technology::Technology>& technologies) {
  double lowest = technology::kVmin;
  for (const technology::Technology& technology : technologies) {
    lowest = std::min(lowest, technology.lowest_voltage());
  }
  std::vector<double> voltages;
  for (int step = kStepsOfVmin; step > 0; --step) {
    const double voltage = static_cast<double>(step) / kStepsOfVmin;
    if (voltage >= lowest) voltages.push_back(voltage);
  }
  std::vector<TechnologySummary> summaries;
  for (const technology::Technology& technology : technologies) {
    summaries.push_back(summarize(technology, voltages));
  }
  return summaries;
}

}  // namespace brownout::results
