// SPDX-License-Identifier: Apache-2.0
// The engines as a table.
#include "sim/engines/engine_traits.hpp"

#include <fmt/ranges.h>

#include <algorithm>

#include "sim/base/error.hpp"

namespace brownout::engines {

const std::vector<EngineTraits>& all_engine_traits() {
  static const std::vector<EngineTraits> all{
      {"functional", /*on_codes=*/true, /*on_accelerator=*/false, /*rtl=*/false},
      {"float", /*on_codes=*/false, /*on_accelerator=*/false, /*rtl=*/false},
      {"reference", /*on_codes=*/true, /*on_accelerator=*/false, /*rtl=*/false},
      {"systemc", /*on_codes=*/true, /*on_accelerator=*/true, /*rtl=*/false},
      {"rtl", /*on_codes=*/true, /*on_accelerator=*/true, /*rtl=*/true},
  };
  return all;
}

const EngineTraits& traits_of(const std::string& name) {
  const std::vector<EngineTraits>& all = all_engine_traits();
  const auto found = std::find_if(all.begin(), all.end(),
                                  [&](const EngineTraits& one) { return one.name == name; });
  if (found != all.end()) return *found;
  std::vector<std::string> names;
  for (const EngineTraits& one : all) names.emplace_back(one.name);
  throw InputError("engine \"{}\" is unknown, expected one of {}", name, fmt::join(names, ", "));
}

}  // namespace brownout::engines
