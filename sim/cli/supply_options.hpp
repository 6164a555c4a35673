// SPDX-License-Identifier: Apache-2.0
// The options --supply and --memory-rate of verbs that run images on an accelerator.
#pragma once

#include <CLI/CLI.hpp>
#include <optional>
#include <string>
#include <vector>

#include "sim/experiment/supplies.hpp"
#include "sim/mapping/accelerator_config.hpp"

namespace brownout::cli {

struct SupplyOptions {
  std::vector<std::string> supplies, rates;
};

void add_supply_options(CLI::App& verb, SupplyOptions& options);

/// Replaces the supplies of the accelerator's file and returns the rates. InputError for texts that
/// are not MEMORY=VALUE, for a memory named twice, and when there is no accelerator.
experiment::MemoryRates set_supplies(const SupplyOptions& options,
                                     mapping::AcceleratorConfig& accelerator);
experiment::MemoryRates set_supplies(const SupplyOptions& options,
                                     std::optional<mapping::AcceleratorConfig>& accelerator);

}  // namespace brownout::cli
