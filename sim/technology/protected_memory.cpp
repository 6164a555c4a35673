// SPDX-License-Identifier: Apache-2.0
// Prices what the mitigations add, without knowing which they are.
#include "sim/technology/protected_memory.hpp"

#include "sim/technology/technology.hpp"

namespace brownout::technology {

namespace {

constexpr int kDataColumns = 64;

}  // namespace

ProtectedAccess protected_access(const Technology& technology,
                                 const mitigation::Protection& protection, double voltage) {
  const mitigation::Overhead added = overhead(protection, technology.mitigation());
  const double at_rail = technology.sram_energy_relative(voltage);
  const double boosted =
      technology.sram_energy_relative(mitigation::boosted_voltage(voltage, added.boost_vmin));
  ProtectedAccess access;
  // The booster draws from the rail, so the energy that it adds comes through the regulator too.
  access.sram_relative = (at_rail + (boosted - at_rail) * (1.0 + added.boost_loss_rel)) *
                         technology.rail().drawn(voltage) * (1.0 + added.access_rel());
  // The logic's supply makes and checks the check bits.
  const double shift = technology.rail().level_shift_pj(voltage, added.logic_columns);
  access.read_logic_pj = added.access_pj + shift + added.read_pj;
  access.write_logic_pj = added.access_pj + shift + added.write_pj;
  access.leakage_added = added.leakage_rel();
  return access;
}

double protected_read_relative(const Technology& technology,
                               const mitigation::Protection& protection, double voltage) {
  ProtectedAccess access;
  access.sram_relative = technology.access_energy_relative(voltage);
  if (protection.any()) access = protected_access(technology, protection, voltage);
  const double logic =
      access.read_logic_pj + technology.rail().level_shift_pj(voltage, kDataColumns);
  if (!protection.any() && logic == 0.0) return access.sram_relative;
  const double read = technology.energy().weight_read_pj_per_word;
  return access.sram_relative + (read > 0.0 ? logic / read : 0.0);
}

double area_relative(const Technology& technology, const mitigation::Protection& protection) {
  if (!protection.any()) return 1.0;
  return overhead(protection, technology.mitigation()).area_rel();
}

}  // namespace brownout::technology
