// SPDX-License-Identifier: Apache-2.0
// A rate has no voltage: each key that needs one is refused by its name.
#include "sim/runs/sweep_rates.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "sim/base/text.hpp"

namespace brownout::runs {

namespace {

void refuse_boosts(const YamlMap& root, const SweepConfig& config) {
  for (const SweepMitigation& entry : config.mitigations) {
    if (entry.what.boost_vmin <= 0.0) continue;
    root.fail(root.has("mitigations") ? "mitigations" : "accelerator",
              fmt::format("{} raises a voltage, which rates do not have; expected other "
                          "mitigations, or voltages",
                          in_quotes(entry.name)));
  }
}

void refuse_supplies(const YamlMap& root, const SweepConfig& config) {
  const char* const key = root.has("supplies") ? "supplies" : "accelerator";
  for (const mapping::AcceleratorConfig& accelerator : config.accelerators) {
    if (!accelerator.weights.scaled_supply) {
      root.fail("accelerator",
                fmt::format("the weights of {} stay at Vmin, where no cell fails, so that rates "
                            "change nothing; expected weights.supply: scaled",
                            accelerator.name));
    }
    const experiment::MemorySupplies supplies = experiment::supplies_of(accelerator);
    const experiment::MemoryRates& rates = config.setup.rates;
    const auto refuse = [&](const char* memory, const mapping::MemorySupply& supply,
                            const std::optional<double>& rate) {
      if (rate || supply.scaled || supply.vmin == 1.0) return;
      root.fail(key, fmt::format("the supply of {} is {} Vmin, and rates have no voltage; expected "
                                 "memory_rates: {{{}: RATE}}, or the supply scaled or vmin",
                                 memory, supply.vmin, memory));
    };
    refuse("input", supplies.input, rates.input);
    refuse("activations", supplies.activations, rates.activations);
    refuse("accumulators", supplies.accumulators, rates.accumulators);
  }
}

}  // namespace

void refuse_keys_of_voltages(const YamlMap& root) {
  if (root.has("safe_voltage")) {
    root.fail("safe_voltage", "is searched among voltages; expected none with rates");
  }
  if (root.has("profile")) {
    root.fail("profile",
              "the cells of a measured chip fail by voltage, so that it has no rates; expected "
              "random chips with rates, or voltages with a profile");
  }
}

void read_memory_rates(YamlMap& root, SweepConfig& config) {
  const char* const key = "memory_rates";
  std::optional<YamlMap> map = root.optional_map(key);
  if (!map) return;
  if (!root.has("rates")) {
    root.fail(key, "is of a sweep over rates; expected supplies with voltages");
  }
  if (config.accelerators.empty()) {
    root.fail(key, "needs an accelerator; expected the key accelerator: FILE");
  }
  const std::optional<YamlMap> supplies = root.optional_map("supplies");
  const auto read = [&](const char* memory, std::optional<double>& rate) {
    if (!map->has(memory)) return;
    if (supplies && supplies->has(memory)) {
      map->fail(memory, "is among supplies as well; expected one of the two");
    }
    rate = map->number(memory, 0.0, 1.0);
  };
  experiment::MemoryRates& rates = config.setup.rates;
  read("input", rates.input);
  read("activations", rates.activations);
  read("accumulators", rates.accumulators);
  map->finish();
}

void read_rates(YamlMap& root, SweepConfig& config) {
  config.rates = root.numbers("rates", 0.0, 1.0);
  for (double& rate : config.rates) rate += 0.0;  // -0 is 0
  std::sort(config.rates.begin(), config.rates.end());
  const auto twice = std::adjacent_find(config.rates.begin(), config.rates.end());
  if (twice != config.rates.end()) root.fail("rates", fmt::format("{} is listed twice", *twice));
  refuse_boosts(root, config);
  refuse_supplies(root, config);
}

}  // namespace brownout::runs
