// SPDX-License-Identifier: Apache-2.0
// Sums of ledger fields.
#include "sim/results/energy_groups.hpp"

#include <algorithm>

namespace brownout::results {

double EnergyGroup::uj(const EnergyLedger& ledger) const {
  double sum = 0.0;
  for (double EnergyLedger::*const part : parts) sum += ledger.*part;
  return sum;
}

const std::array<EnergyGroup, 8>& energy_groups() {
  using E = EnergyLedger;
  static const std::array<EnergyGroup, 8> groups{{
      {"weight SRAM", {&E::weight_sram, &E::weight_leakage}},
      {"mitigation", {&E::mitigation}},
      {"activation SRAM", {&E::activation_sram, &E::activation_leakage}},
      {"accumulators", {&E::accumulator_sram, &E::accumulator_leakage}},
      {"MACs", {&E::macs}},
      {"vector unit", {&E::vector}},
      {"DRAM", {&E::dram}},
      {"logic leakage", {&E::logic_leakage}},
  }};
  return groups;
}

SupplyEffect supply_effect(const EnergyLedger& energy, double energy_rel, double voltage) {
  SupplyEffect effect;
  effect.saved_pct = 100.0 * (1.0 - energy_rel);
  effect.voltage = voltage;
  const auto& groups = energy_groups();
  const auto largest = std::max_element(
      groups.begin(), groups.end(),
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
