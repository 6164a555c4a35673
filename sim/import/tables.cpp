// SPDX-License-Identifier: Apache-2.0
// Formulas at all 256 codes, and what becomes of codes that no number has.
#include "sim/import/tables.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <sstream>

#include "sim/arithmetic/requantize.hpp"
#include "sim/base/error.hpp"
#include "sim/network/formula.hpp"

namespace brownout::importing {

namespace {

constexpr int kLastCode = 255;

/// The formula of an argument that stays at or above `low` and at or below `high`.
std::string within(const std::string& formula, const std::optional<float>& low,
                   const std::optional<float>& high) {
  std::string argument = "x";
  if (low) argument += fmt::format(" {} max", double{*low});
  if (high) argument += fmt::format(" {} min", double{*high});
  std::istringstream words(formula);
  std::string result;
  for (std::string word; words >> word;) {
    result += (result.empty() ? "" : " ") + (word == "x" ? argument : word);
  }
  return result;
}

float number_of(int q, const network::Quantize& codes) {
  return codes.scale * static_cast<float>(q - codes.zero_point);
}

bool finite_at(const network::Formula& formula, float x) {
  return std::isfinite(static_cast<float>(formula(double{x})));
}

/// InputError unless the function is finite at codes `first` to `last`.
void expect_finite(const network::Formula& formula, const network::Quantize& codes, int first,
                   int last) {
  for (int q = first; q <= last; ++q) {
    const float x = number_of(q, codes);
    if (finite_at(formula, x)) continue;
    const auto y = static_cast<float>(formula(double{x}));
    throw InputError("its function gives {} at {}, expected a finite number",
                     std::isnan(y) ? "nan" : fmt::format("{}", y), x);
  }
}

/// The formula, changed where codes that no number in `seen` has would give no finite number.
/// InputError where those of `seen` do.
std::string finite_formula(const std::string& text, const network::Quantize& codes,
                           const Range& seen) {
  const network::Formula formula(text);
  const auto code = [&](float x) {
    return int{arithmetic::requantize(x, codes.scale, codes.zero_point)};
  };
  expect_finite(formula, codes, code(seen.low), code(seen.high));
  std::optional<float> low;
  std::optional<float> high;
  for (int q = code(seen.low) - 1; q >= 0 && !low; --q) {
    if (!finite_at(formula, number_of(q, codes))) low = number_of(q + 1, codes);
  }
  for (int q = code(seen.high) + 1; q <= kLastCode && !high; ++q) {
    if (!finite_at(formula, number_of(q, codes))) high = number_of(q - 1, codes);
  }
  // What was seen passes unchanged, also where its code stands for another number.
  if (low) low = std::min(*low, seen.low);
  if (high) high = std::max(*high, seen.high);
  for (const std::optional<float>& end : {low, high}) {
    if (!end || finite_at(formula, *end)) continue;
    throw InputError("its function is not finite at {}, expected a finite number", *end);
  }
  return low || high ? within(text, low, high) : text;
}

}  // namespace

void fill_table(network::Lookup& lookup, const network::Quantize& codes,
                const std::optional<Range>& seen, const std::string& place) {
  try {
    if (seen) {
      lookup.formula = finite_formula(lookup.formula, codes, *seen);
    } else {
      expect_finite(network::Formula(lookup.formula), codes, 0, kLastCode);
    }
    lookup.table =
        network::lookup_table(network::Formula(lookup.formula), codes.scale, codes.zero_point);
  } catch (const InputError& error) {
    throw InputError("{}: {}", place, error.text());
  }
}

bool finite_at_all(const network::Lookup& lookup, const network::Quantize& codes) {
  const network::Formula formula(lookup.formula);
  for (int q = 0; q <= kLastCode; ++q) {
    if (!finite_at(formula, number_of(q, codes))) return false;
  }
  return true;
}

void fill_tables(network::Network& network, const std::string& where) {
  for (network::Node& node : network.nodes) {
    auto* lookup = std::get_if<network::Lookup>(&node.op);
    if (lookup == nullptr) continue;
    fill_table(*lookup, network::quantizer_of(network, node.inputs[0]), std::nullopt,
               fmt::format("{}: node \"{}\"", where, node.name));
  }
}

network::NodeIndex quantizer_node(const network::Network& network, network::ValueIndex value) {
  network::NodeIndex node = network::writer_of(value);
  while (!std::holds_alternative<network::Quantize>(network.nodes[node].op)) {
    BROWNOUT_CHECK(network::keeps_codes(network.nodes[node].op), "value {}", value.number());
    node = network::writer_of(network.nodes[node].inputs[0]);
  }
  return node;
}

}  // namespace brownout::importing
