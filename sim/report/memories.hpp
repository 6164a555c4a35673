// SPDX-License-Identifier: Apache-2.0
// The accelerator's memories: where each is operated, how many of the cells in use fail, and how
// many bits read wrong.
#pragma once

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <string>
#include <utility>

#include "sim/experiment/memory_results.hpp"
#include "sim/report/names.hpp"
#include "sim/results/point.hpp"
#include "sim/results/sweep_result.hpp"

namespace brownout::report {

inline constexpr std::pair<const char*, results::MemoryUse results::MemoryUses::*> kMemoryUses[] = {
    {"weights", &results::MemoryUses::weights},
    {"input", &results::MemoryUses::input},
    {"activations", &results::MemoryUses::activations},
    {"accumulators", &results::MemoryUses::accumulators}};

inline constexpr std::pair<const char*, experiment::MemoryResult experiment::MemoryResults::*>
    kOtherMemories[] = {{"input", &experiment::MemoryResults::input},
                        {"activations", &experiment::MemoryResults::activations},
                        {"accumulators", &experiment::MemoryResults::accumulators}};

/// The memories other than the weights' that fail somewhere, of every network at every level; ""
/// when none does.
std::string other_memories_text(const results::SweepResult& result, const ShortNames& names);

inline bool holds_weights(const char* memory) { return memory == std::string("weights"); }

/// For one chip: {"input": {"cell_rate": …, "cells_hit": …, "bits_wrong": …}, …}.
template <typename Json>
Json memory_results_json(const experiment::MemoryResults& results) {
  Json json;
  for (const auto& [name, memory] : kOtherMemories) {
    const experiment::MemoryResult& result = results.*memory;
    json[name] = {
        {"cell_rate", result.cell_rate}, {"cells_hit", result.cells_hit}, {"bits_wrong", nullptr}};
    if (result.bits_wrong) json[name]["bits_wrong"] = *result.bits_wrong;
  }
  return json;
}

/// {"weights": {"voltage": …, "rate": …, "cells_hit": …, "bits_wrong": …}, "input": …}. For several
/// chips the fields are "cells_hit_mean" and "bits_wrong_mean".
template <typename Json>
Json memories_json(const results::MemoryUses& uses, std::int64_t images, bool means) {
  const std::string end = means ? "_mean" : "";
  const auto count = [&](double value) {
    return means ? Json(value) : Json(static_cast<std::int64_t>(value));
  };
  Json json;
  for (const auto& [name, memory] : kMemoryUses) {
    const results::MemoryUse& use = uses.*memory;
    const bool counted = use.bits_wrong_mean.has_value();
    Json of;
    of["voltage"] = use.voltage;
    of["rate"] = use.rate;
    of["cells_hit" + end] = count(use.cells_hit_mean);
    of["bits_wrong" + end] = counted ? count(*use.bits_wrong_mean) : Json(nullptr);
    if (!holds_weights(name)) {
      of["bits_wrong_per_image"] =
          counted ? Json(*use.bits_wrong_mean / static_cast<double>(images)) : Json(nullptr);
    }
    json[name] = of;
  }
  return json;
}

/// Faulty cells of each, used or not: {"input": …, …}.
template <typename Json>
Json memory_cells_json(const experiment::MemoryResults& results) {
  Json json;
  for (const auto& [name, memory] : kOtherMemories) json[name] = (results.*memory).faulty_cells;
  return json;
}

/// "812 cells hit, 403.2 bits wrong an image".
inline std::string memory_counts_text(const results::MemoryUse& use, std::int64_t images) {
  std::string text = fmt::format("{:.0f} cells hit", use.cells_hit_mean);
  if (use.bits_wrong_mean) {
    text += fmt::format(", {:.1f} bits wrong an image",
                        *use.bits_wrong_mean / static_cast<double>(images));
  }
  return text;
}

/// "; activations at 0.85 Vmin: bit error rate 0.4 %, 812 cells hit, 403.2 bits wrong an image"; ""
/// if all memories but the weights are at Vmin.
inline std::string memories_text(const results::MemoryUses& uses, std::int64_t images) {
  std::string text;
  for (const auto& [name, memory] : kMemoryUses) {
    const results::MemoryUse& use = uses.*memory;
    if (holds_weights(name) || !use.fails()) continue;
    text += fmt::format("; {} at {:.4f} Vmin: bit error rate {:.3g} %, {}", name, use.voltage,
                        100.0 * use.rate, memory_counts_text(use, images));
  }
  return text;
}

}  // namespace brownout::report
