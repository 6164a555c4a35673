// SPDX-License-Identifier: Apache-2.0
// Random chips against their definition, cell by cell, and against pinned faults of version 1.
#include "sim/chips/random_chip.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <limits>
#include <sstream>
#include <string>
#include <vector>

#include "sim/base/error.hpp"
#include "sim/memory/geometric.hpp"

namespace brownout::chips {
namespace {

OperatingPoint at_rate(double rate) { return {0.9, rate}; }

memory::FaultList faults_at(std::uint64_t seed, std::uint32_t words, double rate,
                            memory::MemoryId memory = memory::MemoryId::kWeights) {
  return RandomChip(seed).faults(memory, words, at_rate(rate));
}

/// u of every cell as the header defines it, with the library's logarithm in long double.
std::vector<long double> u_of_cells(std::uint64_t seed, memory::MemoryId memory,
                                    std::uint32_t words) {
  const Philox philox(seed, Purpose::kRandomChip);
  const auto m = static_cast<std::uint64_t>(memory);
  const std::uint64_t cells = std::uint64_t{words} * 64;
  std::vector<long double> u(cells, 2.0L);
  for (std::uint64_t block = 0; block * 65536 < cells; ++block) {
    for (std::uint64_t octave = 0; octave <= 16; ++octave) {
      const long double r = octave < 16 ? 1.0L / (std::exp2(octave + 1.0L) - 1.0L) : 0x1p-16L;
      std::uint64_t next = 0;
      for (std::uint64_t k = 0;; ++k) {
        const long double gap_uniform = unit_open(philox(m, block, octave, k / 4)[k % 4]);
        if (octave > 0) next += static_cast<std::uint64_t>(std::log(gap_uniform) / std::log1p(-r));
        if (next >= 65536) break;
        const auto x =
            static_cast<long double>(philox(m, block, 32 + octave, k / 4)[k % 4]) * 0x1p-64L;
        const long double value =
            octave < 16 ? std::exp2(-1.0L - octave) * (1.0L + x) : 0x1p-16L * x;
        const std::uint64_t cell = block * 65536 + next;
        if (cell < cells && value < u[cell]) u[cell] = value;
        ++next;
      }
    }
  }
  return u;
}

TEST(RandomChip, FlipsExactlyTheCellsWhoseUIsBelowP) {
  constexpr std::uint32_t kWords = 1300;  // a block and a part of another
  for (const std::uint64_t seed : {std::uint64_t{5}, UINT64_MAX}) {
    for (const memory::MemoryId memory :
         {memory::MemoryId::kWeights, memory::MemoryId::kActivations}) {
      const std::vector<long double> u = u_of_cells(seed, memory, kWords);
      for (const double p :
           {1e-7,  1e-6, 1e-5, 0x1p-16, 0x1.8p-16, 1e-4, 1e-3, 0x1p-9, 0.0075, 0.01, 0x1p-6,
            0.025, 0.05, 0.1,  0.25,    0.3,       0.5,  0.51, 0.75,   0.999,  1.0}) {
        memory::FaultList expected;
        for (std::size_t cell = 0; cell < u.size(); ++cell)
          if (u[cell] < p)
            expected.push_back({static_cast<std::uint32_t>(cell / 64),
                                static_cast<std::uint32_t>(cell % 64), 1.0f, 1.0f});
        ASSERT_EQ(faults_at(seed, kWords, p, memory), expected) << "seed " << seed << " p " << p;
      }
    }
  }
}

TEST(RandomChip, HasNoFaultsAtRateZeroAndInNoWords) {
  EXPECT_TRUE(faults_at(1, 100000, 0.0).empty());
  EXPECT_TRUE(faults_at(1, 0, 0.5).empty());
}

TEST(RandomChip, EveryCellIsFaultyAtRateOne) {
  const memory::FaultList faults = faults_at(1, 1500, 1.0);
  ASSERT_EQ(faults.size(), 1500u * 64);
  for (std::uint32_t i = 0; i < faults.size(); ++i)
    ASSERT_EQ(faults[i], (memory::CellFault{i / 64, i % 64, 1.0f, 1.0f}));
}

TEST(RandomChip, SmallerMemoryIsAPrefixOfALargerOne) {
  for (const double rate : {1e-4, 0.01, 0.7, 1.0}) {
    const memory::FaultList whole = faults_at(3, 4000, rate);
    for (const std::uint32_t words : {1u, 63u, 1023u, 1024u, 1025u, 2048u, 3000u}) {
      memory::FaultList prefix;
      for (const memory::CellFault& fault : whole)
        if (fault.word < words) prefix.push_back(fault);
      EXPECT_EQ(faults_at(3, words, rate), prefix) << words << " words at " << rate;
    }
  }
}

TEST(RandomChip, DrawsTheSameIntoAUsedList) {
  memory::FaultList list = faults_at(9, 3000, 0.3);
  RandomChip(4).draw(memory::MemoryId::kWeights, 2000, 0.01, list);
  EXPECT_EQ(list, faults_at(4, 2000, 0.01));
}

TEST(RandomChip, PurposesAndMemoriesAndSeedsDiffer) {
  const memory::FaultList faults = faults_at(1, 1000, 0.01);
  EXPECT_NE(faults, faults_at(2, 1000, 0.01));
  EXPECT_NE(faults, faults_at(1, 1000, 0.01, memory::MemoryId::kInput));
  EXPECT_NE(faults, RandomChip(1, 1.0, Purpose::kTrainingChip)
                        .faults(memory::MemoryId::kWeights, 1000, at_rate(0.01)));
}

TEST(RandomChip, TwoParameterFormHasTheCellsOfTheHigherRate) {
  // p = p_flt·p_err: at p = 0.005 and p_err = 0.25, 2 % of the cells err a quarter of the time.
  const memory::FaultList probabilistic =
      RandomChip(7, 0.25).faults(memory::MemoryId::kWeights, 5000, at_rate(0.005));
  memory::FaultList expected = faults_at(7, 5000, 0.02);
  for (memory::CellFault& fault : expected) fault.p01 = fault.p10 = 0.25f;
  EXPECT_EQ(probabilistic, expected);
  EXPECT_EQ(RandomChip(7, 0.25).faults(memory::MemoryId::kWeights, 10, at_rate(0.25)).size(), 640u);
}

TEST(RandomChip, AProbabilityForEachStoredBitLeavesTheCellsOfTheHigherOne) {
  for (const ReadErrors errors : {ReadErrors{0.25, 0.125}, ReadErrors{0.125, 0.25}, {0.0, 0.25}}) {
    const RandomChip chip(7, errors);
    memory::FaultList expected =
        RandomChip(7, 0.25).faults(memory::MemoryId::kWeights, 5000, at_rate(0.005));
    memory::FaultList checks =
        RandomChip(7, 0.25).check_faults(memory::MemoryId::kWeights, 5000, at_rate(0.005));
    ASSERT_FALSE(expected.empty() || checks.empty());
    for (memory::FaultList* list : {&expected, &checks}) {
      for (memory::CellFault& fault : *list) {
        fault.p01 = static_cast<float>(errors.p01);
        fault.p10 = static_cast<float>(errors.p10);
      }
    }
    EXPECT_EQ(chip.faults(memory::MemoryId::kWeights, 5000, at_rate(0.005)), expected);
    EXPECT_EQ(chip.check_faults(memory::MemoryId::kWeights, 5000, at_rate(0.005)), checks);
    EXPECT_EQ(chip.die(), RandomChip(7).die());
  }
  const RandomChip same(7, ReadErrors{0.25, 0.25});
  EXPECT_EQ(same.identity(), RandomChip(7, 0.25).identity());
}

TEST(RandomChip, RefusesARateThatNoShareOfFaultyCellsGives) {
  try {
    RandomChip(7, 0.25).faults(memory::MemoryId::kWeights, 10, at_rate(0.3));
    ADD_FAILURE();
  } catch (const InputError& error) {
    EXPECT_STREQ(error.what(),
                 "chip random:7,p_err=0.25: expected a bit error rate of at most p_err = 0.25, "
                 "got 0.3");
  }
  try {
    RandomChip(7, ReadErrors{0.125, 0.25}).faults(memory::MemoryId::kWeights, 10, at_rate(0.3));
    ADD_FAILURE();
  } catch (const InputError& error) {
    EXPECT_STREQ(error.what(),
                 "chip random:7,p01=0.125,p10=0.25: expected a bit error rate of at most p10 = "
                 "0.25, got 0.3");
  }
  EXPECT_THROW(RandomChip(7, 0.0), std::logic_error);
  EXPECT_THROW(RandomChip(7, ReadErrors{0.0, 0.0}), std::logic_error);
  EXPECT_THROW(RandomChip(7, ReadErrors{-0.5, 1.0}), std::logic_error);
  EXPECT_THROW(faults_at(7, 10, 1.5), std::logic_error);
  EXPECT_THROW(faults_at(7, 10, std::nan("")), std::logic_error);
}

TEST(RandomChip, MeetsThePinnedFaultsOfVersion1) {
  // Seed, rate, number of faults among the first 100000 words, then the first four. Never refresh
  // this file: another chip under the same name is a new version.
  ASSERT_EQ(kRandomChipVersion, 1);
  std::ifstream file(BROWNOUT_SOURCE_DIR "/tests/chips/random_chip_v1.csv");
  std::string line;
  ASSERT_TRUE(std::getline(file, line)) << "no golden file";
  int rows = 0;
  for (; std::getline(file, line); ++rows) {
    std::stringstream fields(line);
    std::string seed, rate;
    std::getline(fields, seed, ',');
    std::getline(fields, rate, ',');
    const memory::FaultList faults = faults_at(std::stoull(seed), 100000, std::stod(rate));
    std::string found = seed + ',' + rate + ',' + std::to_string(faults.size());
    for (std::size_t i = 0; i < 4 && i < faults.size(); ++i)
      found += ',' + std::to_string(faults[i].word) + ',' + std::to_string(faults[i].bit);
    EXPECT_EQ(found, line);
  }
  EXPECT_EQ(rows, 12);
}

TEST(Geometric, NegativeLogIsTheLogarithm) {
  const Philox philox(1, Purpose::kTest);
  const auto check = [](std::uint64_t bits) {
    const long double exact = -std::log(static_cast<long double>(unit_open(bits)));
    EXPECT_NEAR(static_cast<double>(memory::negative_log(bits) / exact), 1.0, 5e-16) << bits;
  };
  check(0);
  check(UINT64_MAX);
  for (std::uint64_t i = 0; i < 20000; ++i) {
    const std::uint64_t bits = philox(i)[0];
    check(bits);
    check(bits >> (i % 52));     // U near 0
    check(~(bits >> (i % 52)));  // U near 1
  }
}

TEST(Geometric, ScalesAreThoseOfTheOctaves) {
  EXPECT_EQ(memory::kGapScale[0], 0.0);
  for (int j = 1; j < memory::kLastOctave; ++j)
    EXPECT_EQ(memory::kGapScale[j],
              static_cast<double>(-1.0L / std::log1p(-1.0L / (std::exp2(j + 1.0L) - 1.0L))));
  EXPECT_EQ(memory::kGapScale[memory::kLastOctave],
            static_cast<double>(-1.0L / std::log1p(-0x1p-16L)));
}

}  // namespace
}  // namespace brownout::chips
