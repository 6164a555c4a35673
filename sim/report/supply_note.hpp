// SPDX-License-Identifier: Apache-2.0
// What is said when the supply of the failing memories moves little of all energy.
#pragma once
#include <optional>
#include <string>

#include "sim/results/energy_groups.hpp"

namespace brownout::report {

/// A sentence with a newline, or "" if there is nothing to say.
std::string supply_note(const std::optional<results::SupplyEffect>& effect);

}  // namespace brownout::report
