// SPDX-License-Identifier: Apache-2.0
// MEMORY=VALUE, once for each memory.
#include "sim/cli/supply_options.hpp"

#include <set>

#include "sim/base/error.hpp"
#include "sim/base/text.hpp"
#include "sim/cli/arguments.hpp"

namespace brownout::cli {

namespace {

const std::vector<std::string>& memories() {
  static const std::vector<std::string> names{"input", "activations", "accumulators"};
  return names;
}

/// Calls set(number of the memory, value, "--option memory") for each option.
template <typename Set>
void each(const std::string& option, const std::vector<std::string>& texts, Set set) {
  std::set<std::string> seen;
  for (const std::string& text : texts) {
    const std::size_t equals = text.find('=');
    if (equals == std::string::npos) {
      throw InputError("{}: expected MEMORY=VALUE, got {}", option, in_quotes(text));
    }
    const std::string memory = parse_choice(option, text.substr(0, equals), memories());
    if (!seen.insert(memory).second) throw InputError("{}: {} is named twice", option, memory);
    const auto at = std::find(memories().begin(), memories().end(), memory);
    set(at - memories().begin(), text.substr(equals + 1), option + " " + memory);
  }
}

}  // namespace

void add_supply_options(CLI::App& verb, SupplyOptions& options) {
  verb.add_option("--supply", options.supplies,
                  "Supply of a memory, input, activations or accumulators: a voltage in units of "
                  "Vmin, vmin, or scaled (as --voltage); may be repeated (default: what the "
                  "accelerator file says, else vmin)")
      ->type_name("MEMORY=V")
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  verb.add_option("--memory-rate", options.rates,
                  "Bit error rate of a memory of those, whatever its supply; may be repeated")
      ->type_name("MEMORY=P")
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
}

experiment::MemoryRates set_supplies(const SupplyOptions& options,
                                     std::optional<mapping::AcceleratorConfig>& accelerator) {
  if (accelerator) return set_supplies(options, *accelerator);
  if (options.supplies.empty() && options.rates.empty()) return {};
  throw InputError("{}: needs an accelerator; expected --accelerator FILE",
                   options.supplies.empty() ? "--memory-rate" : "--supply");
}

experiment::MemoryRates set_supplies(const SupplyOptions& options,
                                     mapping::AcceleratorConfig& accelerator) {
  experiment::MemoryRates rates;
  each("--supply", options.supplies, [&](auto memory, const auto& value, const auto& where) {
    mapping::MemorySupply* const supplies[] = {&accelerator.input.supply,
                                               &accelerator.activations.supply,
                                               &accelerator.accumulators.supply};
    *supplies[memory] = mapping::parse_supply(value, where);
  });
  each("--memory-rate", options.rates, [&](auto memory, const auto& value, const auto& where) {
    std::optional<double>* const places[] = {&rates.input, &rates.activations, &rates.accumulators};
    *places[memory] = parse_number(where, value, 0.0, 1.0);
  });
  return rates;
}

}  // namespace brownout::cli
