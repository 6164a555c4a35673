// SPDX-License-Identifier: Apache-2.0
// Accelerators in the order of the grid.
#include "sim/report/grid_report.hpp"

#include <fmt/format.h>

#include <set>

#include "sim/base/text.hpp"
#include "sim/report/mitigation_report.hpp"
#include "sim/report/names.hpp"
#include "sim/report/table.hpp"

namespace brownout::report {

namespace {

std::string uj_text(const results::Point& point) {
  return fmt::format("{:.3f}", point.energy->total());
}

/// The lowest safe voltage and the energy there, or "-".
void add_safe_cells(const results::SweepResult& of_one, std::size_t row,
                    std::vector<std::string>& cells) {
  if (of_one.safe_voltage.empty()) return;  // not searched
  const results::SafeVoltageRow& safe = of_one.safe_voltage[row];
  cells.push_back(safe.voltage ? fmt::format("{:.4f}", *safe.voltage) : "-");
  cells.push_back(safe.energy_uj ? fmt::format("{:.3f}", *safe.energy_uj) : "-");
}

}  // namespace

std::string accelerators_table(const results::SweepResult& result) {
  const ShortNames names = short_names(result.model_names());
  const std::vector<std::string> mitigations = shown_mitigations(result.mitigations);
  const bool several = mitigations.size() > 1;
  std::vector<std::string> header{"accelerator", "network"};
  if (several) header.emplace_back("mitigation");
  const std::size_t rows = result.models.size() * mitigations.size();
  const std::size_t voltages = result.points.size() / rows / result.accelerators.size();
  header.insert(header.end(), {"ms", fmt::format("uJ at {:.4f}", *result.points[0].voltage),
                               fmt::format("uJ at {:.4f}", *result.points[voltages - 1].voltage)});
  if (!result.safe_voltage.empty()) header.insert(header.end(), {"lowest safe V", "uJ there"});
  std::set<std::size_t> left{0, 1};
  if (several) left.insert(2);
  Table table(header, left);
  for (const results::SweepResult& of_one : result.by_accelerator()) {
    for (std::size_t i = 0; i < rows; ++i) {
      const results::Point& highest = of_one.points[i * voltages];
      std::vector<std::string> cells{i == 0 ? printable(highest.accelerator) : "",
                                     names.names[i / mitigations.size()]};
      if (several) cells.push_back(mitigations[i % mitigations.size()]);
      cells.push_back(fmt::format("{:.4f}", *highest.latency_ms));
      cells.push_back(uj_text(highest));
      cells.push_back(uj_text(of_one.points[(i + 1) * voltages - 1]));
      add_safe_cells(of_one, i, cells);
      table.add(cells);
    }
  }
  return table.text() +
         "  ms: latency of an image at the accelerator's clock. uJ: energy of an image.\n";
}

std::string sharing_text(const results::SweepResult& result, std::size_t accelerator) {
  std::string text;
  for (const results::SweptAccelerator& other : result.accelerators) {
    if (other.errors_of != accelerator) continue;
    text += (text.empty() ? "Errors on " : ",\n  ") + printable(other.name);
  }
  return text + ":\n\n";
}

}  // namespace brownout::report
