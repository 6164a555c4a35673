// SPDX-License-Identifier: Apache-2.0
// Parts of the energy, and what the supply moves of it.
#include "sim/results/energy_groups.hpp"

#include <gtest/gtest.h>

#include <string>

namespace brownout::results {
namespace {

/// Every component another power of two.
EnergyLedger powers() {
  EnergyLedger energy;
  double uj = 1.0;
  for (const EnergyLedgerField& field : kEnergyLedgerFields) {
    energy.*field.energy = uj;
    uj *= 2.0;
  }
  return energy;
}

TEST(EnergyGroups, AddUpToAllEnergy) {
  double sum = 0.0;
  for (const EnergyGroup& group : energy_groups()) sum += group.uj(powers());
  EXPECT_EQ(sum, powers().total());
}

Point point(double voltage, double energy_rel) {
  Point point;
  point.voltage = voltage;
  point.energy = powers();
  point.energy_rel = energy_rel;
  return point;
}

TEST(SupplyEffect, IsThatOfThePointThatSavesMost) {
  const auto effect = supply_effect({point(1.0, 1.0), point(0.9, 0.98), point(0.8, 0.99)});
  ASSERT_TRUE(effect);
  EXPECT_NEAR(effect->saved_pct, 2.0, 1e-12);
  EXPECT_EQ(effect->voltage, 0.9);
  EXPECT_EQ(effect->largest, std::string("mitigation"));  // 1024 of 2047
  EXPECT_NEAR(effect->largest_share_pct, 100.0 * 1024 / 2047, 1e-12);
}

TEST(SupplyEffect, NeedsAVoltageBelowVminAndAnAccelerator) {
  EXPECT_FALSE(supply_effect({point(1.0, 1.0)}));
  Point without = point(0.8, 0.9);
  without.energy.reset();
  EXPECT_FALSE(supply_effect({without}));
}

}  // namespace
}  // namespace brownout::results
