// SPDX-License-Identifier: Apache-2.0
// What a technology file says, as numbers at some voltages.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace brownout::technology {
class Technology;
}

namespace brownout::results {

/// A supply of the weight memory. What lies outside the technology's range is none.
struct TechnologyPoint {
  double voltage = 0.0;                   // units of Vmin
  std::optional<double> volt{};           // where the file states Vmin in volts
  std::optional<double> rate{};           // bit error rate
  std::optional<double> access_energy{};  // dynamic, relative to Vmin, through the second rail
  std::optional<double> leakage{};        // power of an SRAM, relative to Vmin
};

/// A row of the file.
struct TechnologyRow {
  std::string key, value, trust, source;
};

struct TechnologySummary {
  std::string name;
  std::filesystem::path file;
  double lowest = 0.0, highest = 0.0;  // units of Vmin
  std::optional<double> vmin_volt;
  std::string rail;
  bool has_energies = false;            // joules, and leakage
  std::vector<TechnologyPoint> points;  // descending voltage
  std::vector<TechnologyRow> rows;
};

/// At the given voltages, in descending order.
TechnologySummary summarize(const technology::Technology& technology, std::vector<double> voltages);
/// At Vmin, the ends of the range, and the voltages at which the file states a rate.
TechnologySummary summarize(const technology::Technology& technology);

/// Technologies at the same voltages: 1, 0.95, 0.9, … Vmin as far down as one of them goes.
std::vector<TechnologySummary> side_by_side(
    const std::vector<technology::Technology>& technologies);

}  // namespace brownout::results
