// SPDX-License-Identifier: Apache-2.0
// Do random chips look random? Counts, nesting, columns, blocks, neighbours, overlaps. All seeds
// are fixed, so a failure is a change of the generator and not chance.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "sim/chips/random_chip.hpp"

namespace brownout::chips {
namespace {

constexpr std::uint32_t kWords = 34078;  // 272,618 codes of 8 bits
constexpr double kCells = kWords * 64.0;

memory::FaultList faults_at(std::uint64_t seed, double rate, std::uint32_t words = kWords) {
  return RandomChip(seed).faults(memory::MemoryId::kWeights, words, {0.9, rate});
}

std::uint64_t cell_of(const memory::CellFault& fault) {
  return std::uint64_t{fault.word} * 64 + fault.bit;
}

/// Σ (observed - expected)²/expected for equal expectations; about `bins - 1` with standard
/// deviation sqrt(2·bins) when the counts are independent.
double chi_square(const std::vector<double>& counts) {
  double total = 0.0, sum = 0.0;
  for (const double count : counts) total += count;
  const double expected = total / static_cast<double>(counts.size());
  for (const double count : counts) sum += (count - expected) * (count - expected) / expected;
  return sum;
}

void expect_uniform(const std::vector<double>& counts, double p, const char* what) {
  const double bins = static_cast<double>(counts.size());
  const double normal = (chi_square(counts) / (1.0 - p) - (bins - 1.0)) / std::sqrt(2.0 * bins);
  EXPECT_LT(std::abs(normal), 4.5) << what;
}

class Rate : public testing::TestWithParam<double> {};

TEST_P(Rate, FaultCountsAreBinomial) {
  const double p = GetParam();
  const int chips = std::clamp(static_cast<int>(0.5 / p), 2, 1000);
  double total = 0.0, squares = 0.0;
  for (int chip = 0; chip < chips; ++chip) {
    const double count = static_cast<double>(faults_at(static_cast<std::uint64_t>(chip), p).size());
    total += count;
    squares += (count - p * kCells) * (count - p * kCells);
  }
  const double variance = kCells * p * (1.0 - p);
  EXPECT_LE(std::abs(total - chips * p * kCells), 4.0 * std::sqrt(chips * variance));
  // The spread from chip to chip: a sum of `chips` squares of nearly normal deviations.
  if (p < 1.0) {
    const double excess = 1.0 / variance;  // kurtosis of rare faults
    EXPECT_LE(std::abs(squares / variance - chips), 4.5 * std::sqrt(chips * (2.0 + excess)));
  }
}

INSTANTIATE_TEST_SUITE_P(FromRareToAll, Rate,
                         testing::Values(1e-6, 1e-5, 0x1p-16, 1e-4, 1e-3, 0x1p-7, 0.01, 0.05, 0.1,
                                         0.25, 0.3, 0.5, 0.6, 0.9, 1.0));

TEST(RandomChipStatistics, FaultsAtALowerRateAreASubsetOfThoseAtAHigherOne) {
  const std::vector<double> rates = {1e-7, 1e-6,   0x1p-17, 0x1p-16, 2e-5, 1e-4, 0.00099,
                                     1e-3, 0x1p-9, 0.005,   0.0099,  0.01, 0.02, 0x1p-5,
                                     0.1,  0.25,   0.4,     0.5,     0.7,  1.0};
  for (std::uint64_t seed = 0; seed < 3; ++seed) {
    memory::FaultList lower;
    for (const double rate : rates) {
      const memory::FaultList higher = faults_at(seed, rate, 5000);
      EXPECT_TRUE(std::includes(higher.begin(), higher.end(), lower.begin(), lower.end(),
                                [](const memory::CellFault& a, const memory::CellFault& b) {
                                  return cell_of(a) < cell_of(b);
                                }))
          << "seed " << seed << " rate " << rate;
      lower = higher;
    }
  }
}

TEST(RandomChipStatistics, AFractionOfTheFaultsRemainsAtThatFractionOfTheRate) {
  // Of the cells that are faulty at p, a share q is faulty at q·p: inside one octave and across
  // several.
  for (const double q : {0.9, 0.75, 0.5, 0.3, 0.1, 0.01}) {
    double all = 0.0, some = 0.0;
    for (std::uint64_t seed = 100; seed < 120; ++seed) {
      all += static_cast<double>(faults_at(seed, 0.012).size());
      some += static_cast<double>(faults_at(seed, 0.012 * q).size());
    }
    EXPECT_NEAR(some / all, q, 4.0 * std::sqrt(q * (1.0 - q) / all)) << q;
  }
}

TEST(RandomChipStatistics, FaultsAreSpreadEvenly) {
  for (const double p : {0.00002, 0.01, 0.3}) {
    std::vector<double> columns(64), places(256), blocks(33), rows(32);
    for (std::uint64_t seed = 0; seed < 12; ++seed) {
      for (const memory::CellFault& fault : faults_at(seed, p)) {
        if (fault.word >= 33 * 1024) continue;  // the part of a block at the end
        ++columns[fault.bit];
        ++places[fault.word % 1024 / 4];
        ++blocks[fault.word / 1024];
        ++rows[fault.word % 32];
      }
    }
    const std::string at = " at p = " + std::to_string(p);
    expect_uniform(columns, p, ("columns" + at).c_str());
    expect_uniform(places, p, ("places in a block" + at).c_str());
    expect_uniform(blocks, p, ("blocks" + at).c_str());
    expect_uniform(rows, p, ("rows" + at).c_str());
  }
}

TEST(RandomChipStatistics, NeighboursAreIndependent) {
  // Pairs of faulty cells at a fixed distance: p² of all pairs, within a word and across words.
  const double p = 0.02;
  std::vector<bool> faulty(static_cast<std::size_t>(kCells));
  const std::vector<std::size_t> distances = {1, 2, 3, 7, 63, 64, 65, 128, 1000, 65536};
  std::vector<double> pairs(distances.size());
  constexpr int kChips = 10;
  for (std::uint64_t seed = 0; seed < kChips; ++seed) {
    std::fill(faulty.begin(), faulty.end(), false);
    const memory::FaultList faults = faults_at(seed, p);
    for (const memory::CellFault& fault : faults) faulty[cell_of(fault)] = true;
    for (std::size_t i = 0; i < distances.size(); ++i)
      for (const memory::CellFault& fault : faults)
        if (cell_of(fault) >= distances[i] && faulty[cell_of(fault) - distances[i]]) ++pairs[i];
  }
  for (std::size_t i = 0; i < distances.size(); ++i) {
    const double expected = p * p * (kCells - static_cast<double>(distances[i])) * kChips;
    EXPECT_NEAR(pairs[i], expected, 4.5 * std::sqrt(expected * (1.0 + 4.0 * p)))
        << "distance " << distances[i];
  }
}

TEST(RandomChipStatistics, ChipsAndBlocksAndMemoriesAreIndependent) {
  const double p = 0.02;
  const auto overlap = [](const memory::FaultList& a, const memory::FaultList& b,
                          std::uint64_t shift) {
    std::size_t common = 0;
    auto other = b.begin();
    for (const memory::CellFault& fault : a) {
      const std::uint64_t cell = cell_of(fault) + shift;
      while (other != b.end() && cell_of(*other) < cell) ++other;
      if (other != b.end() && cell_of(*other) == cell) ++common;
    }
    return static_cast<double>(common);
  };
  const auto check = [&](double common, double cells, const std::string& what) {
    EXPECT_NEAR(common, p * p * cells, 4.5 * p * std::sqrt(cells)) << what;
  };
  const memory::FaultList first = faults_at(0, p);
  for (std::uint64_t seed : {1ull, 2ull, 3ull, 1ull << 32, 1ull << 63})
    check(overlap(first, faults_at(seed, p), 0), kCells, "seed " + std::to_string(seed));
  for (std::uint64_t block = 1; block < 8; ++block)
    check(overlap(first, first, block * 65536), kCells - static_cast<double>(block) * 65536.0,
          "block " + std::to_string(block));
  for (const memory::MemoryId memory :
       {memory::MemoryId::kActivations, memory::MemoryId::kAccumulators, memory::MemoryId::kInput})
    check(overlap(first, RandomChip(0).faults(memory, kWords, {0.9, p}), 0), kCells, "memory");
}

}  // namespace
}  // namespace brownout::chips
