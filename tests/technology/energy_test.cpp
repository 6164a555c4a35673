// SPDX-License-Identifier: Apache-2.0
// Prices: each coefficient changes its own component and no other, supplies scale their own memory,
// errors.
#include "sim/technology/energy.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <set>
#include <string>

#include "edited_profile.hpp"

namespace brownout::technology {
namespace {

constexpr double kSeconds = 2e-3;
const Structure kStructure{256.0, 128.0, 136.0, 1024.0};

/// Counts that are all different, so that a mix-up is noticed.
EventCounts example_counts() {
  EventCounts counts;
  std::int64_t value = 1'000'003;
  for (const EventCountField& field : kEventCountFields) {
    counts.*field.count = value;
    value = value * 3 + 1;
  }
  return counts;
}

EnergyLedger example(const Technology& technology, const Supply& supply = {}) {
  return price(technology, example_counts(), kSeconds, supply, kStructure);
}

/// With 100 of the 256 KiB of weights switched off.
EnergyLedger gated(const Technology& technology, const Supply& supply = {}) {
  Structure structure = kStructure;
  structure.weight_gated_kib = 100.0;
  return price(technology, example_counts(), kSeconds, supply, structure);
}

/// Names of the parts in which two ledgers differ.
std::set<std::string> changed(const EnergyLedger& a, const EnergyLedger& b) {
  std::set<std::string> names;
  for (const EnergyLedgerField& field : kEnergyLedgerFields) {
    if (a.*field.energy != b.*field.energy) names.insert(field.name);
  }
  return names;
}

/// The text of a coefficient's row up to its value.
std::string row_start(const std::string& key, double value) {
  return fmt::format("  {}:\n    value: {}\n", key, value);
}

TEST(Energy, PricesEveryEventByItsCoefficient) {
  const Technology technology = Technology::load(kProfile);
  const EnergyLedger energy = example(technology);
  const EventCounts n = example_counts();
  const auto uj = [](double pj) { return pj * 1e-6; };
  const auto count = [](std::int64_t value) { return static_cast<double>(value); };
  EXPECT_DOUBLE_EQ(energy.weight_sram,
                   uj(count(n.weight_reads) * 0.6) + uj(count(n.weight_writes) * 0.57));
  EXPECT_DOUBLE_EQ(energy.activation_sram,
                   uj(count(n.activation_reads) * 0.57) + uj(count(n.activation_writes) * 0.54));
  EXPECT_DOUBLE_EQ(energy.accumulator_sram,
                   uj(count(n.accumulator_reads) * 0.3) + uj(count(n.accumulator_writes) * 0.28));
  EXPECT_DOUBLE_EQ(energy.macs, uj(count(n.macs) * 0.14));
  EXPECT_DOUBLE_EQ(energy.vector, uj(count(n.vector_ops) * 3.5));
  EXPECT_DOUBLE_EQ(energy.dram, uj(count(n.dram_read_bytes + n.dram_write_bytes) * 64));
  // mW·s are mJ.
  EXPECT_DOUBLE_EQ(energy.weight_leakage, 0.000155 * 256 * kSeconds * 1000);
  EXPECT_DOUBLE_EQ(energy.activation_leakage, 0.000155 * 128 * kSeconds * 1000);
  EXPECT_DOUBLE_EQ(energy.accumulator_leakage, 0.000155 * 136 * kSeconds * 1000);
  EXPECT_DOUBLE_EQ(energy.logic_leakage, 0.007 * 1024 * kSeconds * 1000);
}

TEST(Energy, TheAcceleratorsPriceOfTheDramReplacesTheTechnologys) {
  const Technology technology = Technology::load(kProfile);
  Structure structure = kStructure;
  structure.dram_pj_per_byte = 32.0;
  const EnergyLedger usual = example(technology);
  const EnergyLedger half = price(technology, example_counts(), kSeconds, {}, structure);
  EXPECT_EQ(changed(usual, half), std::set<std::string>{"dram"});
  EXPECT_DOUBLE_EQ(half.dram, usual.dram / 2.0);
}

TEST(Energy, TotalIsTheSumOfItsPartsInTheirOrder) {
  const EnergyLedger energy = example(Technology::load(kProfile), {0.8, 0.9, 0.95});
  double sum = 0.0;
  for (const double part :
       {energy.weight_sram, energy.activation_sram, energy.accumulator_sram, energy.macs,
        energy.vector, energy.dram, energy.weight_leakage, energy.activation_leakage,
        energy.accumulator_leakage, energy.logic_leakage}) {
    EXPECT_GT(part, 0.0);
    sum += part;
  }
  EXPECT_EQ(energy.total(), sum);

  EnergyLedger twice = energy;
  twice += energy;
  for (const EnergyLedgerField& field : kEnergyLedgerFields)
    EXPECT_EQ(twice.*field.energy, 2.0 * energy.*field.energy) << field.name;
}

TEST(Energy, EachCoefficientChangesExactlyItsPart) {
  const std::map<std::string, std::set<std::string>> parts = {
      {"weight_read_pj_per_word", {"weight_sram"}},
      {"weight_write_pj_per_word", {"weight_sram"}},
      {"activation_read_pj_per_byte", {"activation_sram"}},
      {"activation_write_pj_per_byte", {"activation_sram"}},
      {"accumulator_read_pj_per_word", {"accumulator_sram"}},
      {"accumulator_write_pj_per_word", {"accumulator_sram"}},
      {"mac_pj", {"macs"}},
      {"vector_op_pj", {"vector"}},
      {"dram_pj_per_byte", {"dram"}},
      {"sram_leakage_mw_per_kib", {"weight_leakage", "activation_leakage", "accumulator_leakage"}},
      {"logic_leakage_mw_per_pe", {"logic_leakage"}},
      {"sram_leakage_exponent", {"weight_leakage", "activation_leakage", "accumulator_leakage"}},
      {"gated_leakage_rel", {"weight_leakage"}},
  };
  const Supply supply{0.8, 0.85, 0.9};
  const Technology shipped = Technology::load(kProfile);
  const EnergyLedger before = gated(shipped, supply);
  ASSERT_EQ(parts.size(), kEnergyCoefficientFields.size());
  for (const EnergyCoefficientField& field : kEnergyCoefficientFields) {
    const double value = shipped.energy().*field.value;
    const Technology edited =
        EditedProfile(row_start(field.key, value), row_start(field.key, value * 0.5)).load();
    for (const EnergyCoefficientField& other : kEnergyCoefficientFields)
      EXPECT_EQ(edited.energy().*other.value,
                shipped.energy().*other.value * (other.key == field.key ? 0.5 : 1.0))
          << other.key;
    const EnergyLedger after = gated(edited, supply);
    EXPECT_EQ(changed(before, after), parts.at(field.key)) << field.key;
    EXPECT_NE(before.total(), after.total()) << field.key;
  }
}

TEST(Energy, EachCountChangesExactlyItsPart) {
  const std::map<std::string, std::string> parts = {
      {"macs", "macs"},
      {"vector_ops", "vector"},
      {"weight_reads", "weight_sram"},
      {"weight_writes", "weight_sram"},
      {"activation_reads", "activation_sram"},
      {"activation_writes", "activation_sram"},
      {"accumulator_reads", "accumulator_sram"},
      {"accumulator_writes", "accumulator_sram"},
      {"dram_read_bytes", "dram"},
      {"dram_write_bytes", "dram"},
  };
  const Technology technology = Technology::load(kProfile);
  const EnergyLedger before = example(technology);
  for (const EventCountField& field : kEventCountFields) {
    EventCounts counts = example_counts();
    counts.*field.count += 1'000'000;
    const EnergyLedger after = price(technology, counts, kSeconds, {}, kStructure);
    EXPECT_EQ(changed(before, after), std::set<std::string>{parts.at(field.name)}) << field.name;
  }
}

TEST(Energy, ASupplyScalesItsOwnMemory) {
  const Technology technology = Technology::load(kProfile);
  const EnergyLedger nominal = example(technology);
  const struct {
    Supply supply;
    double EnergyLedger::*dynamic;
    double EnergyLedger::*leakage;
    std::set<std::string> parts;
  } cases[] = {
      {{0.75, 1.0, 1.0},
       &EnergyLedger::weight_sram,
       &EnergyLedger::weight_leakage,
       {"weight_sram", "weight_leakage"}},
      {{1.0, 0.75, 1.0},
       &EnergyLedger::activation_sram,
       &EnergyLedger::activation_leakage,
       {"activation_sram", "activation_leakage"}},
      {{1.0, 1.0, 0.75},
       &EnergyLedger::accumulator_sram,
       &EnergyLedger::accumulator_leakage,
       {"accumulator_sram", "accumulator_leakage"}},
  };
  for (const auto& c : cases) {
    const EnergyLedger low = example(technology, c.supply);
    EXPECT_EQ(changed(nominal, low), c.parts);
    EXPECT_DOUBLE_EQ(low.*c.dynamic, nominal.*c.dynamic * 0.5625);
    // ln 0.24 / ln 0.6 = 2.79374465...; 0.75 to that power, worked out with 30 digits.
    EXPECT_NEAR(low.*c.leakage, nominal.*c.leakage * 0.447664929319094, nominal.*c.leakage * 1e-13);
  }
}

TEST(Energy, FallsWithTheVoltageOfEveryMemory) {
  const Technology technology = Technology::load(kProfile);
  double last = HUGE_VAL;
  for (int i = 0; i <= 250; ++i) {
    const double v = 1.0 - i * 0.001;
    const double total = example(technology, {v, v, v}).total();
    EXPECT_LT(total, last) << v;
    last = total;
  }
}

TEST(Energy, LeakageAtSixTenthsIsThePublishedShare) {
  const Technology technology = EditedProfile("lowest_vmin: 0.75", "lowest_vmin: 0.5").load();
  EXPECT_NEAR(technology.sram_leakage_relative(0.6), 0.24, 1e-12);
  EXPECT_EQ(technology.sram_leakage_relative(1.0), 1.0);
}

TEST(Energy, IsLinearInCountsAndTime) {
  const Technology technology = Technology::load(kProfile);
  EventCounts twice = example_counts();
  twice += example_counts();
  EnergyLedger sum = example(technology);
  sum += example(technology);
  const EnergyLedger at_once = price(technology, twice, 2 * kSeconds, {}, kStructure);
  for (const EnergyLedgerField& field : kEnergyLedgerFields)
    EXPECT_DOUBLE_EQ(at_once.*field.energy, sum.*field.energy) << field.name;
}

TEST(Energy, NothingDoneCostsNothing) {
  const EnergyLedger energy = price(Technology::load(kProfile), {}, 0.0, {0.8, 0.8, 0.8}, {});
  EXPECT_EQ(energy.total(), 0.0);
}

TEST(Energy, GatedArraysLeakTheirShareAndNothingElseChanges) {
  const Technology technology = Technology::load(kProfile);
  const Supply supply{0.8, 0.9, 1.0};
  const EnergyLedger on = example(technology, supply), off = gated(technology, supply);
  EXPECT_EQ(changed(on, off), std::set<std::string>{"weight_leakage"});
  EXPECT_NEAR(off.weight_leakage, on.weight_leakage * (156.0 + 0.004 * 100.0) / 256.0,
              1e-12 * on.weight_leakage);
  Structure impossible = kStructure;
  impossible.weight_gated_kib = 257.0;
  EXPECT_THROW(price(technology, {}, 0.0, {}, impossible), std::logic_error);
}

TEST(Energy, TheRangeMovesLeakageAlone) {
  const Technology technology = Technology::load(kProfile);
  const Supply supply{0.8, 0.85, 0.9};
  const EnergyRange range = price_range(technology, example_counts(), kSeconds, supply, kStructure);
  const EnergyLedger value = example(technology, supply);
  EXPECT_EQ(changed(range.value, value), std::set<std::string>{});
  ASSERT_TRUE(range.ends);
  const EnergyLedger &low = (*range.ends)[0], &high = (*range.ends)[1];
  const std::set<std::string> memories{"weight_leakage", "activation_leakage",
                                       "accumulator_leakage"};
  EXPECT_EQ(changed(low, value), memories);
  EXPECT_EQ(changed(high, value), memories);
  for (const auto part : {&EnergyLedger::weight_leakage, &EnergyLedger::activation_leakage,
                          &EnergyLedger::accumulator_leakage}) {
    EXPECT_NEAR(low.*part, value.*part * 0.000058 / 0.000155, 1e-12 * value.*part);
    EXPECT_NEAR(high.*part, value.*part * 10.0, 1e-11 * value.*part);
  }
}

TEST(Energy, AFileFromBeforeRailsAndRangesGivesWhatItGave) {
  const Technology old =
      Technology::load(BROWNOUT_SOURCE_DIR "/tests/technology/before_rails.yaml");
  EXPECT_FALSE(old.has_range());
  EXPECT_FALSE(old.rail().stated);
  EXPECT_NE(old.rail().text().find("the technology file has no rail"), std::string::npos);
  const Supply supply{0.8, 0.85, 0.9};
  const EnergyRange priced = price_range(old, example_counts(), kSeconds, supply, kStructure);
  EXPECT_FALSE(priced.ends);
  // The energies that it had then, to the bit.
  const double expected[] = {13.305646195200001,
                             128.16472317397498,
                             673.1609558201999,
                             0.14000042000000001,
                             10.500034999999999,
                             1679621.8785919999,
                             6.313293302423218,
                             3.7392310584045356,
                             4.660816399678043,
                             14.336,
                             0.0};
  for (std::size_t i = 0; i < kEnergyLedgerFields.size(); ++i)
    EXPECT_EQ(priced.value.*kEnergyLedgerFields[i].energy, expected[i])
        << kEnergyLedgerFields[i].name;
  // Except for leakage the shipped file says the same.
  EXPECT_EQ(changed(priced.value, example(Technology::load(kProfile), supply)),
            (std::set<std::string>{"weight_leakage", "activation_leakage", "accumulator_leakage"}));
  // Arrays that are switched off leak nothing if no share is given.
  EXPECT_NEAR(gated(old, supply).weight_leakage, priced.value.weight_leakage * 156.0 / 256.0, 1e-9);
}

TEST(Energy, AFileWithoutEnergiesLoadsAndRefusesToPrice) {
  const Technology technology = EditedProfile("\nenergy:\n", std::nullopt).load();
  EXPECT_EQ(technology.bit_error_rate(0.75), 0.2056);
  EXPECT_EQ(technology.sram_energy_relative(0.5 + 0.25), 0.5625);
  for (const std::string& message :
       {message_of([&] { technology.energy(); }), message_of([&] { example(technology); }),
        message_of([&] { technology.sram_leakage_relative(0.8); })}) {
    EXPECT_NE(message.find(technology.file().string() + ": energy: missing"), std::string::npos)
        << message;
  }
}

TEST(Energy, RefusesSuppliesOutsideTheValidityRange) {
  const Technology technology = Technology::load(kProfile);
  for (const Supply& supply :
       {Supply{0.7, 1.0, 1.0}, Supply{1.0, 1.1, 1.0}, Supply{1.0, 1.0, std::nan("")}}) {
    const std::string message = message_of([&] { example(technology, supply); });
    EXPECT_NE(message.find("14nm-finfet.yaml: validity: expected a voltage in [0.75, 1] Vmin"),
              std::string::npos)
        << message;
  }
}

TEST(Energy, RefusesImpossibleRunsAsOurOwnMistakes) {
  const Technology technology = Technology::load(kProfile);
  EventCounts negative;
  negative.weight_reads = -1;
  EXPECT_THROW(price(technology, negative, 0.0, {}, {}), std::logic_error);
  EXPECT_THROW(price(technology, {}, -1.0, {}, {}), std::logic_error);
  EXPECT_THROW(price(technology, {}, std::nan(""), {}, {}), std::logic_error);
  EXPECT_THROW(price(technology, {}, 0.0, {}, {-1.0, 0.0, 0.0, 0.0}), std::logic_error);
  EXPECT_THROW(price(technology, {}, 0.0, {}, {0.0, 0.0, 0.0, HUGE_VAL}), std::logic_error);
}

TEST(Energy, RefusesWrongRowsWithFilePlaceAndKey) {
  const struct {
    const char* from;
    const char* to;
    const char* expected;
  } cases[] = {
      {"value: 0.6\n", "value: -0.6\n",
       "energy.weight_read_pj_per_word.value: expected a number in [0, 1000000000], got \"-0.6\""},
      {"value: 64\n", "value: .nan\n", "energy.dram_pj_per_byte.value: expected a number"},
      {"value: 64\n", "value: .inf\n", "energy.dram_pj_per_byte.value: expected a number"},
      {"value: 0.14\n", "value: much\n", "energy.mac_pj.value: expected a number"},
      {"  mac_pj:", "  mac_nj:", "unknown key \"energy.mac_nj\"; did you mean \"mac_pj\""},
      {"  mac_pj:", "  adc_pj: {value: 1, source: us}\n  mac_pj:", "adc_pj"},
      {"value: 0.14\n", "value: 0.14\n    unit: pJ\n", "energy.mac_pj.unit"},
      {"    source: \"LPDDR4, 8", "    # source: \"LPDDR4, 8", "energy.dram_pj_per_byte.source"},
      {"    source: \"LPDDR4, 8 pJ a bit (DDR3: 70, HBM2: 3.9): 8*8 = 64\"", "    source: '  '",
       "expected where the numbers come from"},
      {"  logic_leakage_mw_per_pe:", "  mac_pj:", "duplicate key \"mac_pj\""},
      {"\nenergy:\n", "\nenergy: 3\nother:\n", "unknown key \"other\"; known keys: "},
      {"\nenergy:\n", "\nenergies:\n", "did you mean \"energy\"?"},
      {"low: 0.000058", "low: 0.0002", "expected low <= value <= high, got 0.0002, 0.000155 and"},
      {"high: 0.00155", "high: 0.0001", "expected low <= value <= high"},
      {"    low: 0.000058\n", "", "expected low and high, or neither"},
      {"value: 0.004", "value: 1.5", "energy.gated_leakage_rel.value: expected a number in [0, 1]"},
  };
  for (const auto& c : cases) {
    const std::string message = EditedProfile(c.from, c.to).message();
    EXPECT_NE(message.find(c.expected), std::string::npos) << c.to << ": " << message;
    EXPECT_NE(message.find(".yaml:"), std::string::npos) << c.to << ": " << message;
  }
}

}  // namespace
}  // namespace brownout::technology
