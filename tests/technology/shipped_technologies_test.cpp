// SPDX-License-Identifier: Apache-2.0
// The shipped technologies give the numbers of their sources; tables of energy and leakage.
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <set>

#include "edited_profile.hpp"
#include "sim/base/shipped.hpp"

namespace brownout::technology {
namespace {

Technology shipped(const std::string& name) {
  return Technology::load(find_shipped(kShippedTechnologies, name, "test"));
}

TEST(ShippedTechnologies, AreFiveAndEachRowHasASource) {
  const std::vector<std::string> names = shipped_names(kShippedTechnologies);
  EXPECT_EQ(std::set<std::string>(names.begin(), names.end()),
            (std::set<std::string>{"14nm-finfet", "22nm-sram", "28nm-bram-kc705", "28nm-bram-vc707",
                                   "45nm-soi"}));
  for (const std::string& name : names) {
    const Technology technology = shipped(name);
    EXPECT_EQ(technology.name(), name);
    EXPECT_GE(technology.rows().size(), 4u) << name;
    for (const SourcedRow& row : technology.rows()) {
      EXPECT_FALSE(row.source.empty()) << name << " " << row.key;
      // The first technology is older than the key, and its hash is part of released results.
      EXPECT_EQ(row.trust.empty(), name == "14nm-finfet") << name << " " << row.key;
    }
  }
}

TEST(ShippedTechnologies, GiveThePublishedNumbers) {
  const Technology kc705 = shipped("28nm-bram-kc705");
  EXPECT_EQ(kc705.vmin_volt(), 0.6);
  EXPECT_EQ(kc705.bit_error_rate(0.53 / 0.6), 1.559e-4);
  EXPECT_NEAR(kc705.bit_error_rate(0.53 / 0.6) * 7'290'880, 1137, 1.0);
  EXPECT_FALSE(kc705.has_energies());
  const Technology vc707 = shipped("28nm-bram-vc707");
  EXPECT_EQ(vc707.bit_error_rate(0.55 / 0.61), 2.23e-4);
  EXPECT_NEAR(vc707.bit_error_rate(0.54 / 0.61) * 2060 * 16384, 23706, 0.002 * 23706);

  const Technology soi = shipped("45nm-soi");
  EXPECT_EQ(soi.bit_error_rate(0.6), 1.352e-4);
  EXPECT_NEAR(soi.sram_energy_relative(0.5), 20.77 / 26.07, 1e-6);
  EXPECT_NEAR(soi.sram_leakage_relative(0.4), 20.7 / 157.6, 1e-6);
  EXPECT_EQ(soi.sram_energy_relative(1.0), 1.0);
  // Half the supply: the square would save three quarters, this memory saves a fifth.
  EXPECT_NEAR(1.0 - soi.sram_energy_relative(0.5), 0.203, 0.001);

  // A curve that is taken over is the same curve.
  const Technology finfet = shipped("14nm-finfet"), assumed = shipped("22nm-sram");
  for (const double voltage : {0.75, 0.8, 0.8333, 0.9, 0.95, 1.0}) {
    EXPECT_EQ(assumed.bit_error_rate(voltage), finfet.bit_error_rate(voltage)) << voltage;
    EXPECT_EQ(assumed.sram_leakage_relative(voltage), finfet.sram_leakage_relative(voltage));
  }
}

TEST(Tables, AreExactAtTheirPointsAndPowersBetween) {
  const VoltageCurve curve = VoltageCurve::table({{0.4, 0.2}, {0.8, 0.6}});
  EXPECT_EQ(curve.at(0.4), 0.2);
  EXPECT_EQ(curve.at(0.8), 0.6);
  EXPECT_EQ(curve.at(1.0), 1.0);
  // The geometric mean of two voltages has that of their values.
  EXPECT_NEAR(curve.at(std::sqrt(0.4 * 0.8)), std::sqrt(0.2 * 0.6), 1e-15);
  EXPECT_GT(curve.at(1.1), 1.0);
  // The points of a power give the power back.
  std::vector<std::pair<double, double>> points;
  for (const double voltage : {0.5, 0.6, 0.85})
    points.emplace_back(voltage, std::pow(voltage, 2.7));
  const VoltageCurve table = VoltageCurve::table(points), power = VoltageCurve::power(2.7);
  for (double voltage = 0.5; voltage <= 1.2; voltage += 0.01) {
    EXPECT_NEAR(table.at(voltage), power.at(voltage), 1e-14) << voltage;
  }
}

TEST(Tables, ReplaceAnExponentInAFile) {
  const std::string energy = "sram_energy:\n  exponent: 2\n  source: *randbet\n";
  const std::string table =
      "sram_energy:\n  table:\n    - {voltage_vmin: 0.7, rel: 0.9, source: a, trust: measured}\n";
  const Technology technology = EditedProfile(energy, table).load();
  EXPECT_EQ(technology.sram_energy_relative(0.75), VoltageCurve::table({{0.7, 0.9}}).at(0.75));
  const auto refused = [&](const std::string& to) { return EditedProfile(energy, to).message(); };
  const auto has = [](const std::string& text, const std::string& part) {
    EXPECT_NE(text.find(part), std::string::npos) << text;
  };
  has(refused(energy + "  table: []\n"), "expected an exponent or a table, found both");
  has(refused("sram_energy: {source: a}\n"), "exponent");
  has(refused("sram_energy: {table: [{voltage_vmin: 0.8, rel: 0.9, source: a}]}\n"),
      "expected the first point at validity.lowest_vmin (0.75) or below, got 0.8");
  has(refused("sram_energy: {table: [{voltage_vmin: 0.7, rel: 0, source: a}]}\n"),
      "rel: expected a value above 0, got 0");
  has(refused("sram_energy: {table: [{voltage_vmin: 0.7, rel: 0.5}]}\n"), "source");
  has(refused("sram_energy: {table: [{voltage_vmin: 0.7, rel: 0.5, source: a}, "
              "{voltage_vmin: 0.7, rel: 0.6, source: a}]}\n"),
      "expected rising voltages: above 0.7, got 0.7");
  has(refused("sram_energy: {table: [{voltage_vmin: 0.7, rel: 0.5, source: a}, "
              "{voltage_vmin: 1, rel: 1, source: a}]}\n"),
      "expected a voltage below Vmin (1), where the value is 1, got 1");
  has(refused("sram_energy: {exponent: 2, source: a, trust: sure}\n"),
      "expected one of measured, published, simulated, derived, assumed");
}

TEST(Tables, OfLeakageReplaceItsExponent) {
  const std::string exponent = "  sram_leakage_exponent:\n    value: 2.7937446542303994\n";
  const std::string table =
      "  sram_leakage_table:\n    - {voltage_vmin: 0.75, rel: 0.3, source: a}\n";
  const auto has = [](const std::string& text, const std::string& part) {
    EXPECT_NE(text.find(part), std::string::npos) << text;
  };
  has(EditedProfile(exponent, table + exponent).message(),
      "sram_leakage_table: expected sram_leakage_exponent or a table, found both");
  const Technology soi = shipped("45nm-soi");
  // Leakage follows the table, and the joules follow the leakage.
  const Structure structure{64.0, 0.0, 0.0, 0.0};
  const double at_vmin = price(soi, {}, 1e-3, {}, structure).weight_leakage;
  const double below = price(soi, {}, 1e-3, {0.4, 1.0, 1.0}, structure).weight_leakage;
  EXPECT_NEAR(at_vmin, 157.6, 1e-9);  // 157.6 mW for a millisecond, in microjoules
  EXPECT_NEAR(below, 20.7, 1e-3);
}

}  // namespace
}  // namespace brownout::technology
