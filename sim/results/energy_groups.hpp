// SPDX-License-Identifier: Apache-2.0
// The energy of an inference in the few parts that tables and pictures show: each memory with its
// leakage, and what computes.
#pragma once
#include <array>
#include <optional>
#include <vector>

#include "sim/base/energy_ledger.hpp"
#include "sim/results/point.hpp"

namespace brownout::results {

/// One part, by its name in tables and pictures, and the components that it adds up.
struct EnergyGroup {
  const char* name;
  std::vector<double EnergyLedger::*> parts;

  double uj(const EnergyLedger& ledger) const;
};

/// From the weight memory, which the supply scales, to the parts that no supply scales. They add up
/// to the ledger's total.
const std::array<EnergyGroup, 8>& energy_groups();

/// What the scaled supply moves of all energy.
struct SupplyEffect {
  double saved_pct = 0.0;          // the most that a point saves against Vmin
  double voltage = 1.0;            // that point's
  const char* largest = nullptr;   // the part that takes most energy there
  double largest_share_pct = 0.0;  // of all energy there
};

/// Below this the supply moves so little of all energy that a reader must be told.
inline constexpr double kSmallEffectPct = 5.0;

/// Of one inference at a voltage below Vmin.
SupplyEffect supply_effect(const EnergyLedger& energy, double energy_rel, double voltage);
/// Of the point below Vmin that saves most; none if no point is below Vmin or on an accelerator.
std::optional<SupplyEffect> supply_effect(const std::vector<Point>& points);

}  // namespace brownout::results
