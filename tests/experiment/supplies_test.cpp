// SPDX-License-Identifier: Apache-2.0
// Which supply counts for which memory, and what it means there.
#include "sim/experiment/supplies.hpp"

#include <gtest/gtest.h>

#include <string>

#include "sim/base/error.hpp"

namespace brownout::experiment {
namespace {

std::shared_ptr<const technology::Technology> finfet() {
  return std::make_shared<const technology::Technology>(
      technology::Technology::load(BROWNOUT_SOURCE_DIR "/profiles/14nm-finfet.yaml"));
}

/// Activations on the rail, accumulators at 0.9 Vmin, the input at Vmin.
TargetConfig on_accelerator(bool weights_scaled) {
  TargetConfig target;
  mapping::AcceleratorConfig& accelerator = target.accelerator.emplace();
  accelerator.weights.scaled_supply = weights_scaled;
  accelerator.activations.supply.scaled = true;
  accelerator.accumulators.supply.vmin = 0.9;
  return target;
}

void expect_point(const chips::OperatingPoint& point, double voltage, double rate) {
  EXPECT_EQ(point.voltage, voltage);
  EXPECT_EQ(point.rate, rate);
}

TEST(Supplies, EachMemoryHasItsOwn) {
  const auto technology = finfet();
  const Conditions at = Supplies(technology, on_accelerator(true)).at(0.8);
  const double rate = technology->bit_error_rate(0.8);
  EXPECT_EQ(at.voltage, 0.8);
  expect_point(at.rail, 0.8, rate);
  expect_point(at.supply, 0.8, rate);
  expect_point(at.weights, 0.8, rate);
  expect_point(at.others.input, 1.0, 0.0);
  expect_point(at.others.activations, 0.8, rate);
  expect_point(at.others.accumulators, 0.9, technology->bit_error_rate(0.9));
  EXPECT_FALSE(fails(at.others.input));
  EXPECT_TRUE(at.others.any());
}

TEST(Supplies, WeightsAtVminDoNotFail) {
  const auto technology = finfet();
  const Conditions at = Supplies(technology, on_accelerator(false)).at(0.8);
  expect_point(at.rail, 0.8, technology->bit_error_rate(0.8));
  expect_point(at.supply, 0.8, 0.0);
  expect_point(at.weights, 1.0, 0.0);
  expect_point(at.others.activations, 0.8, technology->bit_error_rate(0.8));
}

TEST(Supplies, ABoostIsOfTheWeightsAloneAndStopsAtVmin) {
  const auto technology = finfet();
  TargetConfig target = on_accelerator(true);
  target.accelerator->weights.mitigations.boost_vmin = 0.125;
  const Supplies supplies(technology, target);
  const Conditions at = supplies.at(0.8125);
  expect_point(at.supply, 0.8125, technology->bit_error_rate(0.8125));
  expect_point(at.weights, 0.9375, technology->bit_error_rate(0.9375));
  expect_point(at.others.activations, 0.8125, technology->bit_error_rate(0.8125));
  expect_point(supplies.at(0.9375).weights, 1.0, 0.0);
}

TEST(Supplies, ARateHasAVoltageIfTheTechnologyKnowsIt) {
  const auto technology = finfet();
  const double rate = technology->bit_error_rate(0.8);
  const Conditions known = Supplies(technology, {}).resolve({}, rate).value();
  EXPECT_NEAR(known.voltage.value(), 0.8, 1e-9);
  EXPECT_EQ(known.weights.rate, rate);
  EXPECT_FALSE(known.others.any());
  EXPECT_FALSE(Supplies(technology, {}).resolve({}, 0.9).value().voltage.has_value());
  const Conditions unknown = Supplies(nullptr, {}).resolve({}, rate).value();
  EXPECT_FALSE(unknown.voltage.has_value());
  expect_point(unknown.weights, 1.0, rate);
}

TEST(Supplies, WithTheRailAtVminOnlyMemoriesWithASupplyOrRateOfTheirOwnFail) {
  const auto technology = finfet();
  EXPECT_FALSE(Supplies(technology, {}).resolve({}).has_value());
  const Conditions fixed = Supplies(technology, on_accelerator(true)).resolve({}).value();
  EXPECT_EQ(fixed.voltage, 1.0);
  expect_point(fixed.weights, 1.0, 0.0);
  EXPECT_FALSE(fails(fixed.others.activations));
  EXPECT_TRUE(fails(fixed.others.accumulators));
  TargetConfig all_at_vmin;
  all_at_vmin.accelerator.emplace();
  EXPECT_FALSE(Supplies(technology, all_at_vmin).resolve({}).has_value());
  MemoryRates rates;
  rates.input = 0.25;
  expect_point(Supplies(technology, all_at_vmin, rates).resolve({}).value().others.input, 1.0,
               0.25);
}

TEST(Supplies, ANamedRateReplacesThatOfTheSupply) {
  MemoryRates rates;
  rates.activations = 0.125;
  const Conditions at = Supplies(finfet(), on_accelerator(true), rates).at(0.8);
  expect_point(at.others.activations, 0.8, 0.125);
}

TEST(Supplies, WhatNoTechnologyKnowsIsRefused) {
  const auto message = [](const TargetConfig& target) {
    try {
      Supplies(nullptr, target).resolve({}, 0.01);
    } catch (const InputError& error) {
      return std::string(error.what());
    }
    return std::string();
  };
  EXPECT_EQ(message(on_accelerator(true)),
            "accumulators: a supply of 0.9 Vmin needs a technology; expected technology FILE");
  TargetConfig boosted;
  boosted.of_resident_weights.boost_vmin = 0.1;
  EXPECT_EQ(message(boosted), "mitigation boost: needs a supply to add to; expected voltage");
}

TEST(Supplies, OtherMemoriesMayFailIfTheyAreNotAtVmin) {
  EXPECT_TRUE(Supplies(finfet(), on_accelerator(false)).others_may_fail());
  TargetConfig at_vmin;
  at_vmin.accelerator.emplace();
  EXPECT_FALSE(Supplies(finfet(), at_vmin).others_may_fail());
  EXPECT_FALSE(Supplies(finfet(), {}).others_may_fail());
}

TEST(Supplies, ARateWithoutAVoltageIsThatOfAllMemoriesOnTheRail) {
  TargetConfig target = on_accelerator(true);
  target.accelerator->accumulators.supply.vmin = 1.0;
  MemoryRates rates;
  rates.input = 0.002;
  for (const auto& technology : {std::shared_ptr<const technology::Technology>(), finfet()}) {
    const Supplies supplies(technology, target, rates);
    const Conditions at = supplies.at_rate(0.01);
    EXPECT_FALSE(at.voltage);
    expect_point(at.supply, 1.0, 0.01);
    expect_point(at.weights, 1.0, 0.01);
    expect_point(at.others.activations, 1.0, 0.01);
    expect_point(at.others.input, 1.0, 0.002);
    expect_point(at.others.accumulators, 1.0, 0.0);
    EXPECT_TRUE(supplies.others_may_fail());
  }
  target.accelerator->activations.supply = {};
  EXPECT_FALSE(Supplies(nullptr, target).others_may_fail());
  EXPECT_TRUE(Supplies(nullptr, target, rates).others_may_fail());
  target.of_resident_weights.boost_vmin = 0.1;
  target.accelerator->weights.mitigations.boost_vmin = 0.1;
  EXPECT_THROW(Supplies(finfet(), target).at_rate(0.01), InputError);
}

TEST(Supplies, PricesKnowTheSameSupplies) {
  const MemorySupplies supplies = supplies_of(on_accelerator(false).accelerator);
  const technology::Supply priced = supplies.priced_at(0.8);
  EXPECT_EQ(priced.weights_vmin, 1.0);
  EXPECT_EQ(priced.activations_vmin, 0.8);
  EXPECT_EQ(priced.accumulators_vmin, 0.9);
  EXPECT_TRUE(supplies.others_scaled());
  EXPECT_TRUE(supplies.any_fixed());
  EXPECT_FALSE(supplies_of({}).any_fixed());
}

}  // namespace
}  // namespace brownout::experiment
