// SPDX-License-Identifier: Apache-2.0
// Sums of ledger fields.
#include "sim/results/energy_groups.hpp"

#include <algorithm>

namespace brownout::results {

const std::array<EnergyGroup, 8> kEnergyGroups{{
    {"weight SRAM", [](const EnergyLedger& e) { return e.weight_sram + e.weight_leakage; }},
    {"mitigation", [](const EnergyLedger& e) { return e.mitigation; }},
    {"activation SRAM",
     [](const EnergyLedger& e) { return e.activation_sram + e.activation_leakage; }},
    {"accumulators",
     [](const EnergyLedger& e) { return e.accumulator_sram + e.accumulator_leakage; }},
    {"MACs", [](const EnergyLedger& e) { return e.macs; }},
    {"vector unit", [](const EnergyLedger& e) { return e.vector; }},
    {"DRAM", [](const EnergyLedger& e) { return e.dram; }},
    {"logic leakage", [](const EnergyLedger& e) { return e.logic_leakage; }},
}};

SupplyEffect supply_effect(const EnergyLedger& energy, double energy_rel, double voltage) {
  SupplyEffect effect;
  effect.saved_pct = 100.0 * (1.0 - energy_rel);
  effect.voltage = voltage;
  const auto largest = std::max_element(
      kEnergyGroups.begin(), kEnergyGroups.end(),
      [&](const EnergyGroup& a, const EnergyGroup& b) { return a.uj(energy) < b.uj(energy); });
  effect.largest = largest->name;
  effect.largest_share_pct = 100.0 * largest->uj(energy) / energy.total();
  return effect;
}

std::optional<SupplyEffect> supply_effect(const std::vector<Point>& points) {
  std::optional<SupplyEffect> most;
  for (const Point& point : points) {
    if (!point.energy || !point.energy_rel || !(point.voltage.value_or(1.0) < 1.0)) continue;
    const SupplyEffect one = supply_effect(*point.energy, *point.energy_rel, *point.voltage);
    if (!most || one.saved_pct > most->saved_pct) most = one;
  }
  return most;
}

}  // namespace brownout::results
