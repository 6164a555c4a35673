// SPDX-License-Identifier: Apache-2.0
// The memories beside the weights': where they are operated, and how many of their cells fail.
#pragma once

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <string>

#include "sim/sweep/other_memories.hpp"

namespace brownout::report {

/// {"input": {"voltage": …, "rate": …}, …}.
template <typename Json>
Json memories_json(const sweep::MemoryPoints& points) {
  const auto point = [](const memory::OperatingPoint& at) {
    return Json{{"voltage", at.voltage}, {"rate", at.rate}};
  };
  return {{"input", point(points.input)},
          {"activations", point(points.activations)},
          {"accumulators", point(points.accumulators)}};
}

/// Faulty cells of each: {"input": …, …}.
template <typename Json>
Json memory_cells_json(const sweep::MemoryCells& cells) {
  return {{"input", cells.input},
          {"activations", cells.activations},
          {"accumulators", cells.accumulators}};
}

/// "; activations at 0.85 Vmin, bit error rate 0.4 %, 812 faulty cells"; "" where all are at Vmin.
/// The cells are left out without `cells`.
inline std::string memories_text(const sweep::MemoryPoints& points,
                                 const sweep::MemoryCells* cells = nullptr) {
  std::string text;
  const auto add = [&](const char* name, const memory::OperatingPoint& at,
                       std::int64_t sweep::MemoryCells::*faulty) {
    if (at.rate == 0.0) return;
    text += fmt::format("; {} at {:.4f} Vmin, bit error rate {:.3g} %", name, at.voltage,
                        100.0 * at.rate);
    if (cells != nullptr) text += fmt::format(", {} faulty cells", cells->*faulty);
  };
  add("input", points.input, &sweep::MemoryCells::input);
  add("activations", points.activations, &sweep::MemoryCells::activations);
  add("accumulators", points.accumulators, &sweep::MemoryCells::accumulators);
  return text;
}

}  // namespace brownout::report
