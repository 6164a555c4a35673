// SPDX-License-Identifier: Apache-2.0
// Follows Chip::steps.
#include "sim/chips/level_note.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

namespace brownout::chips {
namespace {

constexpr double kSameStep = 1e-9;

}  // namespace

std::string note_at(const Chip& chip, const std::vector<double>& voltages) {
  const std::vector<double> steps = chip.steps();
  std::map<double, std::vector<double>> operated_at;  // by profiled voltage
  for (const double voltage : voltages) {
    const auto above = std::upper_bound(steps.begin(), steps.end(), voltage + kSameStep);
    if (above == steps.begin()) continue;  // refused elsewhere, or no steps
    const double step = *(above - 1);
    if (voltage - step > kSameStep) operated_at[step].push_back(voltage);
  }
  std::string note = chip.note();
  for (auto& [step, at] : operated_at) {
    std::sort(at.begin(), at.end());
    std::string list;
    for (const double voltage : at)
      list += fmt::format("{}{:.6g}", list.empty() ? "" : ", ", voltage);
    note += fmt::format("; at {} Vmin it has the cells of {:.6g} Vmin{}", list, step,
                        step == steps.back() ? ", the highest voltage of its profile" : "");
  }
  return note;
}

}  // namespace brownout::chips
