// SPDX-License-Identifier: Apache-2.0
// Which cells draw what: two dies share no more wrong bits than by chance, and one die is nested.
#include "sim/memory/transient.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "sim/base/files.hpp"
#include "sim/chips/measured_chip.hpp"
#include "sim/chips/physical_chip.hpp"
#include "sim/chips/random_chip.hpp"

namespace brownout::memory {
namespace {

constexpr std::uint32_t kWords = 34078;  // of the width-16 SimpleNet
constexpr double kCells = 64.0 * kWords;

using Cells = std::vector<std::uint64_t>;

/// Cells of a memory of zeros that read 1, ascending.
Cells wrong_cells(const chips::Chip& chip, const chips::OperatingPoint& at,
                  std::uint64_t evaluation_seed = 0, std::uint32_t words = kWords) {
  Cells wrong;
  const CellReader reader(MemoryId::kWeights, {chip.die(), evaluation_seed});
  for (const CellFault& fault : chip.faults(MemoryId::kWeights, words, at)) {
    if (reader.wrong(fault, 0) != 0) wrong.push_back(std::uint64_t{fault.word} * 64 + fault.bit);
  }
  return wrong;
}

double shared(const Cells& a, const Cells& b) {
  Cells both;
  std::set_intersection(a.begin(), a.end(), b.begin(), b.end(), std::back_inserter(both));
  return static_cast<double>(both.size());
}

/// That two sets among `cells` have the overlap of independent ones, within 4.5 deviations.
void expect_independent(const Cells& a, const Cells& b, double cells = kCells) {
  const double expected = static_cast<double>(a.size()) * static_cast<double>(b.size()) / cells;
  EXPECT_GT(expected, 30.0);  // else the comparison says little
  EXPECT_NEAR(shared(a, b), expected, 4.5 * std::sqrt(expected));
}

chips::MeasuredChip measured(const std::string& content, std::uint64_t offset,
                             const std::string& name = "chip.h5") {
  profiles::Profile profile;
  profile.name = profile.origin = "a test";
  profile.rows = 1024;
  profile.columns = 64;
  profile.levels = {{0.8, {}}};
  for (std::uint64_t cell = 0; cell < profile.cells(); ++cell) {
    profile.levels[0].cells.push_back({cell, 0.1f, 0.1f});
  }
  return {std::make_shared<const profiles::Profile>(std::move(profile)),
          name,
          sha256_hex(content),
          {offset, true}};
}

TEST(Draws, RandomChipsShareTheWrongBitsOfIndependentOnes) {
  const chips::OperatingPoint at{0.8, 0.01};
  const Cells first = wrong_cells(chips::RandomChip(0, 0.05), at);
  EXPECT_NEAR(static_cast<double>(first.size()), 0.01 * kCells, 4.5 * std::sqrt(0.01 * kCells));
  // 217 are expected; chips that shared one field of draws had 4,270 in common.
  for (const std::uint64_t seed : {1, 2, 1000}) {
    expect_independent(first, wrong_cells(chips::RandomChip(seed, 0.05), at));
  }
  // The share of wrong cells that are also wrong in another evaluation is p_err.
  const double again = shared(first, wrong_cells(chips::RandomChip(0, 0.05), at, 1));
  const double expected = 0.05 * static_cast<double>(first.size());
  EXPECT_NEAR(again, expected, 4.5 * std::sqrt(expected));
}

TEST(Draws, DiesOfAPhysicalModelShareTheWrongBitsOfIndependentOnes) {
  const chips::OperatingPoint at{0.82, 0.0};
  const chips::PhysicalModel model;
  const Cells first = wrong_cells(chips::PhysicalChip(0, model), at);
  expect_independent(first, wrong_cells(chips::PhysicalChip(1, model), at));
  // A random chip of the same seed is another die.
  expect_independent(first, wrong_cells(chips::RandomChip(0, 0.05), {0.8, 0.01}));
}

TEST(Draws, MeasuredChipsDrawByContentAndOffset) {
  const chips::OperatingPoint at{0.8, 0.0};
  constexpr std::uint32_t kMapWords = 1024;
  const auto draw = [&](const chips::MeasuredChip& chip) {
    return wrong_cells(chip, at, 0, kMapWords);
  };
  const Cells here = draw(measured("one die", 0));
  EXPECT_NEAR(static_cast<double>(here.size()), 6553.6, 4.5 * std::sqrt(0.1 * 0.9 * 65536));
  for (const std::uint64_t offset : {1, 8, 64, 4096}) {
    expect_independent(here, draw(measured("one die", offset)), 65536);
  }
  expect_independent(here, draw(measured("another die", 0)), 65536);
  // Neither another file name nor a whole turn around the map makes another die.
  EXPECT_EQ(here, draw(measured("one die", 0, "copies/of/it.h5")));
  EXPECT_EQ(here, draw(measured("one die", 65536)));
}

TEST(Draws, WhatIsWrongAtAVoltageIsWrongAtEveryLowerOneOfTheSameDie) {
  const chips::RandomChip random(3, 0.25);
  const chips::PhysicalChip physical(3, chips::PhysicalModel{});
  Cells random_before, physical_before;
  for (const double voltage : {0.9, 0.875, 0.85, 0.825, 0.8}) {
    const chips::OperatingPoint at{voltage, 0.2 * (1.0 - voltage)};
    const Cells random_now = wrong_cells(random, at), physical_now = wrong_cells(physical, at);
    EXPECT_EQ(shared(random_before, random_now), static_cast<double>(random_before.size()));
    EXPECT_EQ(shared(physical_before, physical_now), static_cast<double>(physical_before.size()));
    random_before = random_now;
    physical_before = physical_now;
  }
  EXPECT_GT(physical_before.size(), 10000u);
}

}  // namespace
}  // namespace brownout::memory
