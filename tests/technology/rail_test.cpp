// SPDX-License-Identifier: Apache-2.0
// The cost of a supply below Vmin: regulators and level shifters, by hand.
#include "sim/technology/rail.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "edited_profile.hpp"
#include "sim/technology/protected_memory.hpp"

namespace brownout::technology {
namespace {

using mitigation::Protection;

constexpr double kRailSeconds = 1e-3;

Technology with_kind(const std::string& kind) {
  return EditedProfile("  kind: ideal\n", "  kind: " + kind + "\n").load();
}

EventCounts accesses() {
  EventCounts counts;
  counts.weight_reads = 3'000'000;
  counts.weight_writes = 1'000'000;
  counts.activation_reads = 5'000'000;
  counts.accumulator_writes = 7'000'000;
  return counts;
}

EnergyLedger ledger(const Technology& technology, const Supply& supply,
                    const Protection& protection = {}) {
  return price(technology, accesses(), kRailSeconds, supply,
               {512.0, 256.0, 100.0, 4.0, protection});
}

TEST(Rail, TheShippedOneIsIdealAndSaysSo) {
  const Technology technology = Technology::load(kProfile);
  EXPECT_EQ(technology.rail().kind, RailKind::kIdeal);
  EXPECT_TRUE(technology.rail().stated);
  EXPECT_EQ(technology.rail().text(), "ideal, without losses or level shifters");
  for (const double v : {0.75, 0.83, 1.0}) {
    EXPECT_EQ(technology.access_energy_relative(v), technology.sram_energy_relative(v));
    EXPECT_EQ(technology.rail().level_shift_pj(v, 64), 0.0);
  }
}

TEST(Rail, ALinearRegulatorFromVminSavesOneMinusV) {
  const Technology technology = with_kind("linear-regulator");
  EXPECT_NEAR(1.0 - technology.access_energy_relative(0.83), 0.17, 1e-12);  // ideal: 0.31
  // The leakage current is drawn at Vmin too: V^2.794 / V.
  const Supply supply{0.8, 1.0, 1.0};
  EXPECT_NEAR(ledger(technology, supply).weight_leakage,
              0.000155 * 512 * std::pow(0.8, 1.7937446542303994), 1e-9);
  EXPECT_NEAR(ledger(technology, supply).weight_sram, (3.0 * 0.6 + 0.57) * 0.8 + 4.0 * 64 * 0.56e-3,
              1e-9);
}

TEST(Rail, ASwitchingRegulatorTakesItsEfficiencyOnce) {
  const Technology technology = with_kind("switching-regulator");
  EXPECT_NEAR(technology.access_energy_relative(0.8), 0.64 / 0.85, 1e-12);
  EXPECT_NEAR(protected_read_relative(technology, {}, 0.8), 0.64 / 0.85 + 64 * 0.56e-3 / 0.6,
              1e-12);
  EXPECT_NE(technology.rail().text().find("switching regulator of 85 % efficiency"),
            std::string::npos);
}

TEST(Rail, AtVminThereIsNone) {
  const Technology ideal = Technology::load(kProfile);
  for (const char* kind : {"switching-regulator", "linear-regulator"}) {
    const Technology technology = with_kind(kind);
    for (const EnergyLedgerField& field : kEnergyLedgerFields)
      EXPECT_EQ(ledger(technology, {}).*field.energy, ledger(ideal, {}).*field.energy)
          << kind << " " << field.name;
    EXPECT_EQ(protected_read_relative(technology, {}, 1.0), 1.0);
  }
}

TEST(Rail, EachMemoryBelowVminPaysForItself) {
  const Technology technology = with_kind("linear-regulator");
  const EnergyLedger nominal = ledger(technology, {});
  const EnergyLedger low = ledger(technology, {1.0, 0.8, 1.0});
  EXPECT_EQ(low.weight_sram, nominal.weight_sram);
  EXPECT_EQ(low.accumulator_sram, nominal.accumulator_sram);
  EXPECT_NEAR(low.activation_sram, 5.0 * 0.57 * 0.8 + 5.0 * 8 * 0.56e-3, 1e-9);
  EXPECT_NEAR(ledger(technology, {1.0, 1.0, 0.8}).accumulator_sram,
              7.0 * 0.28 * 0.8 + 7.0 * 32 * 0.56e-3, 1e-9);
}

TEST(Rail, ABoostAndCheckBitsComeThroughIt) {
  const Technology technology = with_kind("linear-regulator");
  const Supply supply{0.8, 1.0, 1.0};
  Protection boost;
  boost.boost_vmin = 0.04;
  const double full = 3.0 * 0.6 + 0.57;
  EXPECT_NEAR(ledger(technology, supply, boost).mitigation,
              full * (0.84 * 0.84 - 0.64) * 1.25 / 0.8, 1e-9);
  Protection secded;
  secded.check = memory::CheckCode::kSecded;
  EXPECT_NEAR(ledger(technology, supply, secded).mitigation,
              0.135 * full * 0.8 + 3.0 * 0.13 + 0.056 + 4.0 * 8 * 0.56e-3 +
                  0.125 * ledger(technology, supply).weight_leakage,
              1e-9);
  EXPECT_NEAR(protected_read_relative(technology, secded, 0.8),
              1.135 * 0.8 + (0.13 + 72 * 0.56e-3) / 0.6, 1e-12);
}

TEST(Rail, SecdedCostsMoreThanTheVoltageSaves) {
  Protection secded;
  secded.check = memory::CheckCode::kSecded;
  EXPECT_NEAR(protected_read_relative(Technology::load(kProfile), secded, 0.836), 1.010, 5e-4);
}

TEST(Rail, RefusesWrongBlocks) {
  const struct {
    const char* from;
    const char* to;
    const char* expected;
  } cases[] = {
      {"  kind: ideal\n", "  kind: free\n", "ideal, switching-regulator"},
      {"  kind: ideal\n", "", "rail.kind: missing"},
      {"    value: 0.85\n", "    value: 0\n", "expected an efficiency above 0"},
      {"    value: 0.85\n", "    value: 1.1\n",
       "rail.efficiency.value: expected a number in [0, 1]"},
      {"  level_shift_fj_per_bit:", "  level_shift:", "level_shift"},
      {"  source: \"The published energies", "  # source: \"The", "rail.source"},
  };
  for (const auto& c : cases) {
    const std::string message = EditedProfile(c.from, c.to).message();
    EXPECT_NE(message.find(c.expected), std::string::npos) << c.to << ": " << message;
  }
}

}  // namespace
}  // namespace brownout::technology
