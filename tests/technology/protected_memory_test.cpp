// SPDX-License-Identifier: Apache-2.0
// Prices of mitigations, by hand from the shipped coefficients.
#include "sim/technology/protected_memory.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "edited_profile.hpp"

namespace brownout::technology {
namespace {

using mitigation::Protection;

constexpr double kProtectionSeconds = 1e-3;
constexpr double kKib = 512.0;

Technology shipped() { return Technology::load(kProfile); }

EventCounts weight_accesses() {
  EventCounts counts;
  counts.weight_reads = 3'000'000;
  counts.weight_writes = 1'000'000;
  return counts;
}

/// Energy of accesses and leakage, at a supply of 0.8.
EnergyLedger ledger(const Protection& protection, double voltage = 0.8) {
  Structure structure;
  structure.weight_kib = kKib;
  structure.protection = protection;
  Supply supply;
  supply.weights_vmin = voltage;
  return price(shipped(), weight_accesses(), kProtectionSeconds, supply, structure);
}

constexpr double kAccessUj = (3.0 * 0.6 + 1.0 * 0.57) * 0.64;  // at 0.8 Vmin, unprotected
double leakage_uj() { return 0.000155 * kKib * std::pow(0.8, 2.7937446542303994); }

TEST(Protection, NoneCostsNothingAndNeedsNoPrices) {
  EXPECT_EQ(ledger({}).mitigation, 0.0);
  const Technology without = EditedProfile("\nmitigation:", std::nullopt).load();
  EXPECT_EQ(area_relative(without, {}), 1.0);
  EXPECT_EQ(protected_read_relative(without, {}, 0.8), without.sram_energy_relative(0.8));
  EXPECT_EQ(price(without, weight_accesses(), kProtectionSeconds, {}, {}).mitigation, 0.0);
}

TEST(Protection, SecdedAddsEightColumnsAndACodec) {
  Protection protection;
  protection.check = memory::CheckCode::kSecded;
  const EnergyLedger energy = ledger(protection);
  EXPECT_NEAR(energy.weight_sram, kAccessUj, 1e-12);
  EXPECT_NEAR(energy.weight_leakage, leakage_uj(), 1e-9);
  EXPECT_NEAR(energy.mitigation,
              0.135 * kAccessUj + 3.0 * 0.13 + 1.0 * 0.056 + 0.125 * leakage_uj(), 1e-9);
  EXPECT_NEAR(area_relative(shipped(), protection), 1.11, 1e-12);
  EXPECT_NEAR(protected_read_relative(shipped(), protection, 0.8), 0.64 * 1.135 + 0.13 / 0.6,
              1e-12);
}

TEST(Protection, ParityAddsOneColumnInterleavedParityEight) {
  Protection protection;
  protection.check = memory::CheckCode::kParity;
  EXPECT_NEAR(ledger(protection).mitigation,
              0.016875 * kAccessUj + 3.0 * 0.036 + 0.018 + leakage_uj() / 64, 1e-9);
  EXPECT_NEAR(area_relative(shipped(), protection), 1.01375, 1e-12);
  protection.check = memory::CheckCode::kInterleavedParity;
  EXPECT_NEAR(ledger(protection).mitigation,
              0.135 * kAccessUj + 3.0 * 0.052 + 0.016 + leakage_uj() / 8, 1e-9);
}

TEST(Protection, SafeBitsCostByTheirShare) {
  Protection protection;
  protection.safe_share = 0.25;  // two of eight bits
  EXPECT_NEAR(ledger(protection).mitigation, 0.25 * 0.2 * kAccessUj + 0.25 * 0.33 * leakage_uj(),
              1e-9);
  EXPECT_NEAR(area_relative(shipped(), protection), 1 + 0.7 * 0.25 * 0.3, 1e-12);
}

TEST(Protection, TheBoostPaysForAccessesAtTheHigherSupply) {
  Protection protection;
  protection.boost_vmin = 0.04;
  const double full = 3.0 * 0.6 + 0.57;
  EXPECT_NEAR(ledger(protection).mitigation, full * (0.84 * 0.84 - 0.64) * 1.25, 1e-9);
  EXPECT_NEAR(area_relative(shipped(), protection), 1.05, 1e-12);
  // The boost stops at Vmin.
  EXPECT_NEAR(ledger(protection, 0.98).mitigation, full * (1 - 0.98 * 0.98) * 1.25, 1e-9);
  EXPECT_EQ(ledger(protection, 1.0).mitigation, 0.0);
}

TEST(Protection, TheBoostFollowsTheExponentOfTheFile) {
  const Technology linear = EditedProfile("exponent: 2\n", "exponent: 1\n").load();
  Structure structure;
  structure.protection.boost_vmin = 0.04;
  Supply supply;
  supply.weights_vmin = 0.8;
  EXPECT_NEAR(price(linear, weight_accesses(), kProtectionSeconds, supply, structure).mitigation,
              (3.0 * 0.6 + 0.57) * (0.84 - 0.8) * 1.25, 1e-9);
}

TEST(Protection, SparesCostByTheirShare) {
  Protection protection;
  protection.spare_rows = 8;
  protection.array_rows = 512;
  protection.spare_columns = 2;
  const double share = 8.0 / 512, columns = 2.0 / 64;
  EXPECT_NEAR(ledger(protection).mitigation,
              (share + 2 * 0.016875) * kAccessUj + 4.0 * 8 * 0.0034 +
                  ((1 + share) * (1 + columns) - 1) * leakage_uj(),
              1e-9);
  EXPECT_NEAR(area_relative(shipped(), protection), 1 + 0.7 * share + 2 * 0.01375, 1e-12);
}

TEST(Protection, PlacementRotatesEveryWord) {
  Protection protection;
  protection.placed = true;
  EXPECT_NEAR(ledger(protection).mitigation, 4.0 * 0.11, 1e-9);
  EXPECT_EQ(area_relative(shipped(), protection), 1.0);
}

TEST(Protection, ATechnologyWithoutTheBlockCannotPriceIt) {
  const EditedProfile edited("\nmitigation:", std::nullopt);
  Structure structure;
  structure.protection.check = memory::CheckCode::kParity;
  EXPECT_NE(message_of([&] {
              price(edited.load(), {}, 0.0, {}, structure);
            }).find("mitigation: missing; expected what mitigations cost, to price one"),
            std::string::npos);
  EXPECT_NE(message_of([&] { area_relative(edited.load(), structure.protection); }), "");
}

TEST(Protection, EveryRowIsRequiredAndChecked) {
  for (const mitigation::Coefficient& field : mitigation::all_coefficients()) {
    const std::string row = fmt::format("  {}:\n", field.key);
    EXPECT_NE(EditedProfile(row, "  unknown:\n").message(), "") << field.key;
    EXPECT_NE(EditedProfile(row, row + "    extra: 1\n").message(), "") << field.key;
  }
  EXPECT_NE(EditedProfile("    value: 0.7\n", "    value: 1.1\n").message(), "");
}

}  // namespace
}  // namespace brownout::technology
