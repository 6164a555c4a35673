// SPDX-License-Identifier: Apache-2.0
// The lowest safe voltage of one network with one mitigation, and what other chips show there.
#pragma once
#include <cstdint>
#include <optional>

#include "sim/results/sweep_result.hpp"
#include "sim/runs/model_sweep.hpp"
#include "sim/runs/sweep_chips.hpp"

namespace brownout::runs {

/// When the configuration is settled.
results::SafeVoltageRule rule_of(const SweepConfig& config, const SweepChips& chips);

/// What a choice has evaluated beyond the grid.
struct SearchEffort {
  std::int64_t tried = 0;   // dies at levels
  std::int64_t images = 0;  // of those, if dies are decided on some of them
};

/// The level of the safe voltage, chosen by the chips that choose.
std::optional<results::SafeLevel> choose_safe_level(const SweepConfig& config,
                                                    const SweepChips& chips, ModelSweep& model,
                                                    const results::SafeVoltageRule& rule,
                                                    SearchEffort& effort);

/// Finds the safe voltage and states its error on other chips, as a point of `result`. `first`: any
/// point of the network.
results::SafeVoltageRow find_safe_voltage(const SweepConfig& config, const SweepChips& chips,
                                          ModelSweep& model, CostCache& costs,
                                          const results::Point& first,
                                          results::SweepResult& result);

}  // namespace brownout::runs
