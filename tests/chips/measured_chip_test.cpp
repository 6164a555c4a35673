// SPDX-License-Identifier: Apache-2.0
// Chips from profiles: which level, which cells, how often, and when not.
#include "sim/chips/measured_chip.hpp"

#include <gtest/gtest.h>

#include <map>

#include "sim/base/error.hpp"
#include "tests/profiles/profiles.hpp"

namespace brownout::chips {
namespace {

profiles::Profile three_levels() {
  profiles::Profile profile;
  profile.name = "three";
  profile.origin = "a test";
  profile.rows = 2;
  profile.columns = 100;
  profile.levels = {{0.8, {{0, 1.0f, 0.0f}, {63, 0.5f, 0.0f}, {199, 0.0f, 0.25f}}},
                    {0.85, {{0, 0.5f, 0.0f}}},
                    {0.9, {}}};
  return profile;
}

MeasuredChip chip_of(const profiles::Profile& profile, const MeasuredChip::Options& options = {}) {
  return MeasuredChip(std::make_shared<const profiles::Profile>(profile), "chip.h5",
                      std::string(64, '0'), options);
}

std::string message(const MeasuredChip& chip, std::uint32_t words, double voltage) {
  try {
    chip.faults(memory::MemoryId::kWeights, words, {voltage, 0.0});
  } catch (const InputError& error) {
    return error.what();
  }
  return "accepted";
}

TEST(MeasuredChip, TakesTheNearestLowerVoltage) {
  const MeasuredChip chip = chip_of(three_levels());
  const auto count = [&](double v) {
    return chip.faults(memory::MemoryId::kWeights, 3, {v, 0.0}).size();
  };
  EXPECT_EQ(count(0.8), 2u);  // cell 199 is after the 192 cells of 3 words
  EXPECT_EQ(count(0.8499), 2u);
  EXPECT_EQ(count(0.85), 1u);
  EXPECT_EQ(count(0.85 - 1e-12), 1u);
  EXPECT_EQ(count(0.89), 1u);
  EXPECT_EQ(count(0.9), 0u);
  EXPECT_EQ(count(1.0), 0u);
  EXPECT_NE(message(chip, 3, 0.79).find("chip.h5: expected a voltage of at least 0.8 Vmin"),
            std::string::npos);
  EXPECT_NE(message(chip, 3, std::nan("")).find("got nan"), std::string::npos);
}

TEST(MeasuredChip, RepeatsFromItsOffsetOn) {
  const MeasuredChip chip = chip_of(three_levels(), {199, true});
  const memory::FaultList expected = {{0, 0, 0.0f, 0.25f},  // 199
                                      {0, 1, 1.0f, 0.0f},   // 0
                                      {1, 0, 0.5f, 0.0f},   // 63
                                      {3, 8, 0.0f, 0.25f},  // 199 again, at cell 200
                                      {3, 9, 1.0f, 0.0f}};
  EXPECT_EQ(chip.faults(memory::MemoryId::kWeights, 4, {0.8, 0.0}), expected);
  EXPECT_EQ(chip.period(), 200u);
  EXPECT_FALSE(chip.wraps(3));
  EXPECT_TRUE(chip.wraps(4));
  EXPECT_NE(chip.note().find("map of 200 cells"), std::string::npos);
  EXPECT_FALSE(chip.synthetic());
  // An offset beyond the map continues at its beginning.
  EXPECT_EQ(chip_of(three_levels(), {399, true}).faults(memory::MemoryId::kWeights, 4, {0.8, 0.0}),
            expected);
}

TEST(MeasuredChip, IsTheFormulaCellByCell) {
  for (std::uint64_t seed = 0; seed < 60; ++seed) {
    const profiles::Profile profile = profiles::random_profile(seed, 3);
    profiles::Dice dice(seed + 1000);
    const std::uint64_t offset = dice.below(3 * profile.cells());
    const auto words = static_cast<std::uint32_t>(dice.below(40));
    const MeasuredChip chip = chip_of(profile, {offset, true});
    for (const profiles::ProfileLevel& level : profile.levels) {
      std::map<std::uint64_t, profiles::ProfileCell> cells;
      for (const profiles::ProfileCell& cell : level.cells) cells[cell.cell] = cell;
      memory::FaultList data, check;
      const auto append = [&](memory::FaultList& list, std::uint64_t i, std::uint32_t word,
                              std::uint32_t bit) {
        const auto found = cells.find((offset + i) % profile.cells());
        if (found != cells.end()) list.push_back({word, bit, found->second.p01, found->second.p10});
      };
      for (std::uint32_t word = 0; word < words; ++word) {
        for (std::uint32_t bit = 0; bit < 64; ++bit) append(data, word * 64ull + bit, word, bit);
        for (std::uint32_t bit = 0; bit < 8; ++bit)
          append(check, words * 64ull + word * 8ull + bit, word, 64 + bit);
      }
      EXPECT_EQ(chip.faults(memory::MemoryId::kWeights, words, {level.voltage, 0.0}), data) << seed;
      EXPECT_EQ(chip.check_faults(memory::MemoryId::kWeights, words, {level.voltage, 0.0}), check)
          << seed;
    }
  }
}

TEST(MeasuredChip, ThatMayNotWrapSaysHowManyBitsAreMissing) {
  const MeasuredChip chip = chip_of(three_levels(), {0, false});
  EXPECT_EQ(message(chip, 3, 0.8), "accepted");
  EXPECT_NE(message(chip, 4, 0.8)
                .find("has 200 cells, but the memory has 256 bits: 56 bits are "
                      "missing"),
            std::string::npos)
      << message(chip, 4, 0.8);
}

TEST(MeasuredChip, IsMadeFromItsNameAndGivesItBack) {
  const profiles::TestFolder folder;
  const std::string file = (folder.path() / "a,offset=3,b.h5").string();
  profiles::write_profile(file, three_levels());
  for (const std::string options : {"", ",offset=7", ",no-wrap", ",offset=7,no-wrap"})
    EXPECT_EQ(make_chip(file + options)->name(), file + options);
  EXPECT_EQ(make_chip(file + ",no-wrap,offset=7")->name(), file + ",offset=7,no-wrap");
  EXPECT_EQ(make_chip(file + ",offset=199")->faults(memory::MemoryId::kWeights, 4, {0.8, 0.0}),
            chip_of(three_levels(), {199, true}).faults(memory::MemoryId::kWeights, 4, {0.8, 0.0}));
  const std::string identity = make_chip(file)->identity();
  profiles::Profile other = three_levels();
  other.levels[2].cells.push_back({1, 1.0f, 0.0f});
  profiles::write_profile(file, other);
  EXPECT_NE(make_chip(file)->identity(), identity);
  EXPECT_THROW(make_chip((folder.path() / "none.h5").string()), InputError);
}

// 44 Mbit at p = 1 %: 0.44 million faulty cells.
TEST(MeasuredChip, DrawsTheFaultsOfALargeNetwork) {
  profiles::Profile profile = three_levels();
  profile.rows = 8192;
  profile.columns = 128;
  profile.levels.resize(1);
  profile.levels[0].cells.clear();
  for (std::uint64_t cell = 7; cell < profile.cells(); cell += 100)
    profile.levels[0].cells.push_back({cell, 0.5f, 0.0f});
  const MeasuredChip chip = chip_of(profile, {12345, true});
  memory::FaultList faults;
  chip.draw(5498378 / 8, 0.8, faults);
  EXPECT_NEAR(static_cast<double>(faults.size()), 439870.0, 100.0);
}

}  // namespace
}  // namespace brownout::chips
