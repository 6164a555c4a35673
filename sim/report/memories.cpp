// SPDX-License-Identifier: Apache-2.0
#include "sim/report/memories.hpp"

#include "sim/report/rates_text.hpp"
#include "sim/report/table.hpp"

namespace brownout::report {

std::string other_memories_text(const results::SweepResult& result, const ShortNames& names) {
  std::vector<std::string> header{"network", result.by_rate ? "weights' bit errors %" : "V/Vmin",
                                  "memory"};
  if (!result.by_rate) header.emplace_back("its supply");
  header.insert(header.end(), {result.by_rate ? "its bit errors %" : "bit errors %", "cells hit",
                               "bits wrong an image"});
  Table table(header, {0, 2});
  bool any = false;
  const std::size_t a_network = result.points.size() / result.models.size();
  for (std::size_t i = 0; i < result.points.size(); ++i) {
    const results::Point& point = result.points[i];
    if (!point.memories || point.mitigation != result.mitigations.front()) continue;
    for (const auto& [name, memory] : kMemoryUses) {
      const results::MemoryUse& use = *point.memories.*memory;
      const bool fails = result.by_rate ? use.rate > 0.0 : use.fails();
      if (holds_weights(name) || !fails) continue;
      any = true;
      const auto images = static_cast<double>(point.images);
      std::vector<std::string> cells{
          names.names[i / a_network],
          point.voltage ? fmt::format("{:.4f}", *point.voltage) : rate_text(point.rate), name};
      if (!result.by_rate) cells.push_back(fmt::format("{:.4f}", use.voltage));
      cells.push_back(rate_text(use.rate));
      cells.push_back(fmt::format("{:.0f}", use.cells_hit_mean));
      cells.push_back(use.bits_wrong_mean ? fmt::format("{:.1f}", *use.bits_wrong_mean / images)
                                          : "-");
      table.add(cells);
    }
  }
  return any ? "\nThe other memories\n\n" + table.text() : "";
}

}  // namespace brownout::report
