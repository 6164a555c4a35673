// SPDX-License-Identifier: Apache-2.0
// What repair and placement do to fault lists: by hand on small arrays, and properties on random
// ones.
#include "sim/mitigation/repair.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <set>

namespace brownout::mitigation {
namespace {

constexpr std::uint64_t kMsbsOf8 = 0x8080808080808080;

double weight(const memory::FaultList& faults) {
  double sum = 0.0;
  for (const memory::CellFault& fault : faults) sum += double{std::max(fault.p01, fault.p10)};
  return sum;
}

bool is_sorted_without_twins(const memory::FaultList& faults) {
  return std::adjacent_find(faults.begin(), faults.end(),
                            [](const memory::CellFault& a, const memory::CellFault& b) {
                              return a.word > b.word || (a.word == b.word && a.bit >= b.bit);
                            }) == faults.end();
}

RepairPlan plan_of(std::uint32_t arrays, std::uint32_t rows) {
  RepairPlan plan;
  plan.geometry.rows = rows;
  plan.arrays = arrays;
  plan.words = arrays * rows;
  return plan;
}

/// Cells of the silicon at random, each with its own probabilities, in data and check columns.
memory::WordFaultLists random_cells(std::mt19937& random, const RepairPlan& plan,
                                    std::uint32_t checks, double rate) {
  std::uniform_real_distribution<float> unit(0.0f, 1.0f);
  memory::WordFaultLists cells;
  for (std::uint32_t word = 0; word < plan.cell_words(); ++word) {
    for (std::uint32_t bit = 0; bit < 64 + checks; ++bit) {
      if (unit(random) >= static_cast<float>(rate)) continue;
      (bit < 64 ? cells.data : cells.checks).push_back({word, bit, unit(random), unit(random)});
    }
  }
  return cells;
}

TEST(ArrayGeometry, FindsArraysAndRowsAndBack) {
  for (const std::uint32_t width : {1u, 2u, 4u}) {
    ArrayGeometry geometry{16, width};
    std::set<std::pair<std::uint32_t, std::uint32_t>> seen;
    for (std::uint32_t word = 0; word < 8 * 16; ++word) {
      const std::uint32_t array = geometry.array_of(word), row = geometry.row_of(word);
      EXPECT_LT(array, 8u);
      EXPECT_LT(row, 16u);
      EXPECT_EQ(geometry.word_of(array, row), word);
      EXPECT_TRUE(seen.insert({array, row}).second);
    }
  }
}

TEST(SafeColumns, NeverFail) {
  RepairPlan plan;
  plan.words = 64;
  plan.safe_columns = kMsbsOf8;
  std::mt19937 random(3);
  const memory::WordFaultLists cells = random_cells(random, plan, 8, 0.3);
  const memory::WordFaultLists left = mitigate(plan, cells);
  EXPECT_EQ(left.checks, cells.checks);
  EXPECT_LT(left.data.size(), cells.data.size());
  for (const memory::CellFault& fault : left.data) EXPECT_NE(fault.bit % 8, 7u);
  const auto kept =
      std::count_if(cells.data.begin(), cells.data.end(),
                    [](const memory::CellFault& fault) { return fault.bit % 8 != 7; });
  EXPECT_EQ(left.data.size(), static_cast<std::size_t>(kept));
}

TEST(Spares, ARowWithMoreFaultsThanSpareColumnsTakesASpareRow) {
  RepairPlan plan = plan_of(1, 4);
  plan.spare_rows = 1;
  plan.spare_columns = 1;
  // Row 2 has three faulty cells and column 5 has two; one cell is in both.
  const memory::WordFaultLists cells{{{0, 5}, {2, 1}, {2, 5}, {2, 9}}, {}};
  RepairStats stats;
  EXPECT_TRUE(mitigate(plan, cells, &stats).data.empty());
  EXPECT_EQ(stats.rows_replaced, 1);
  EXPECT_EQ(stats.columns_replaced, 1);
}

TEST(Spares, FailAsTheirOwnCellsDo) {
  RepairPlan plan = plan_of(1, 4);
  plan.spare_rows = 1;  // word 4
  // The spare row brings one fault in column 7 for the two of row 1.
  const memory::WordFaultLists cells{{{1, 3}, {1, 4}, {4, 7, 0.5f, 0.25f}}, {}};
  EXPECT_EQ(mitigate(plan, cells).data, (memory::FaultList{{1, 7, 0.5f, 0.25f}}));
  // It would bring as much as it takes away.
  const memory::WordFaultLists worse{{{1, 3}, {1, 4}, {4, 7}, {4, 8}}, {}};
  EXPECT_EQ(mitigate(plan, worse).data, (memory::FaultList{{1, 3}, {1, 4}}));
}

TEST(Spares, SpareColumnsAreCheckColumnsBehindTheCode) {
  RepairPlan plan = plan_of(1, 4);
  plan.spare_columns = 1;
  plan.first_spare_column = 65;  // after the parity bit
  const memory::WordFaultLists cells{{{0, 3}, {1, 3}, {2, 8}}, {{2, 65}, {3, 64}}};
  const memory::WordFaultLists left = mitigate(plan, cells);
  EXPECT_EQ(left.data, (memory::FaultList{{2, 3}, {2, 8}}));  // column 3 now fails in row 2
  EXPECT_EQ(left.checks, (memory::FaultList{{3, 64}}));
}

TEST(Spares, RowsTakeTheirCheckBitsAlong) {
  RepairPlan plan = plan_of(1, 4);
  plan.spare_rows = 1;
  plan.first_spare_column = 72;
  const memory::WordFaultLists cells{{}, {{1, 66}, {1, 70}, {4, 64}}};
  EXPECT_EQ(mitigate(plan, cells).checks, (memory::FaultList{{1, 64}}));
}

TEST(Spares, WithoutFaultsNothingChanges) {
  RepairPlan plan = plan_of(3, 8);
  plan.spare_rows = 2;
  plan.spare_columns = 2;
  RepairStats stats;
  const memory::WordFaultLists left = mitigate(plan, {}, &stats);
  EXPECT_TRUE(left.data.empty() && left.checks.empty());
  EXPECT_EQ(stats.rows_replaced + stats.columns_replaced, 0);
}

TEST(Spares, NeverMakeAnArrayWorse) {
  for (int seed = 0; seed < 200; ++seed) {
    std::mt19937 random(static_cast<unsigned>(seed));
    const auto below = [&](unsigned n) { return static_cast<std::uint32_t>(random() % n); };
    RepairPlan plan = plan_of(2 * (1 + below(3)), 4 + below(30));
    plan.geometry.words_per_cycle = 1 + below(2);
    const std::uint32_t checks = below(4);
    plan.first_spare_column = 64 + checks;
    plan.spare_rows = below(4);
    plan.spare_columns = below(5) + (plan.spare_rows == 0 ? 1 : 0);
    const double rate = std::uniform_real_distribution<double>(0.0, 0.2)(random);
    const memory::WordFaultLists cells =
        random_cells(random, plan, checks + plan.spare_columns, rate);
    const memory::WordFaultLists left = mitigate(plan, cells);
    EXPECT_TRUE(is_sorted_without_twins(left.data) && is_sorted_without_twins(left.checks)) << seed;
    std::vector<double> before(plan.arrays), after(plan.arrays);
    for (const memory::FaultList* list : {&cells.data, &cells.checks}) {
      for (const memory::CellFault& f : *list) {
        if (f.word < plan.words && f.bit < plan.first_spare_column)
          before[plan.geometry.array_of(f.word)] += double{std::max(f.p01, f.p10)};
      }
    }
    for (const memory::FaultList* list : {&left.data, &left.checks}) {
      for (const memory::CellFault& f : *list) {
        ASSERT_LT(f.word, plan.words) << seed;
        ASSERT_LT(f.bit, plan.first_spare_column) << seed;
        after[plan.geometry.array_of(f.word)] += double{std::max(f.p01, f.p10)};
      }
    }
    for (std::uint32_t a = 0; a < plan.arrays; ++a) EXPECT_LE(after[a], before[a] + 1e-9) << seed;
  }
}

TEST(Spares, WithoutFaultsOfTheirOwnOnlyTakeCellsAway) {
  for (int seed = 0; seed < 50; ++seed) {
    std::mt19937 random(static_cast<unsigned>(seed));
    RepairPlan plan = plan_of(2, 16);
    plan.spare_rows = 2;
    plan.spare_columns = 2;
    memory::WordFaultLists cells = random_cells(random, plan, 0, 0.05);
    cells.data.erase(
        std::remove_if(cells.data.begin(), cells.data.end(),
                       [&](const memory::CellFault& f) { return f.word >= plan.words; }),
        cells.data.end());
    const memory::WordFaultLists left = mitigate(plan, cells);
    for (const memory::CellFault& fault : left.data) {
      EXPECT_NE(std::find(cells.data.begin(), cells.data.end(), fault), cells.data.end()) << seed;
    }
    EXPECT_LT(left.data.size(), cells.data.size());
  }
}

TEST(Spares, EqualRowsAreEqualInWhateverOrderTheirCellsAre) {
  RepairPlan plan = plan_of(1, 4);
  plan.spare_rows = 2;  // words 4 and 5
  // If weights were added as fp64 from left to right, row 1 would weigh more than row 0. Both
  // spares bring the same, so the first one is used first.
  const auto cell = [](std::uint32_t word, std::uint32_t bit, float p) {
    return memory::CellFault{word, bit, p, 0.0f};
  };
  const memory::WordFaultLists cells{
      {cell(0, 0, 0.1f), cell(0, 1, 0.2f), cell(0, 2, 0.3f), cell(0, 3, 0.7f),  //
       cell(1, 0, 0.7f), cell(1, 1, 0.3f), cell(1, 2, 0.2f), cell(1, 3, 0.1f),  //
       cell(4, 9, 0.5f), cell(5, 8, 0.5f)},
      {}};
  EXPECT_EQ(mitigate(plan, cells).data, (memory::FaultList{cell(0, 9, 0.5f), cell(1, 8, 0.5f)}));
  plan.spare_rows = 1;
  memory::WordFaultLists one = cells;
  one.data.pop_back();
  const memory::WordFaultLists left = mitigate(plan, one);
  EXPECT_EQ(left.data.front(), cell(0, 9, 0.5f));
  EXPECT_EQ(left.data.size(), 5u);  // and row 1 as it is
}

TEST(Spares, ALineIsReplacedOnlyIfThatTakesAwayMoreThanTheSpareBrings) {
  RepairPlan plan = plan_of(1, 4);
  plan.spare_columns = 1;
  plan.first_spare_column = 64;
  constexpr float kUnit = 1.0f / 4294967296.0f;
  // Column 5 weighs 2 units of 2^-32; a spare of 1 is taken, one of 2 is not.
  for (const float spare : {1 * kUnit, 2 * kUnit}) {
    const memory::WordFaultLists cells{{{1, 5, kUnit, 0.0f}, {2, 5, kUnit, 0.0f}},
                                       {{0, 64, spare, 0.0f}}};
    RepairStats stats;
    mitigate(plan, cells, &stats);
    EXPECT_EQ(stats.columns_replaced, spare < 1.5f * kUnit ? 1 : 0);
  }
}

TEST(Placement, OfEqualCostsTheSmallestRotationIsTaken) {
  // Bits of 8-bit codes cost the same in each of a word's eight codes, so rotations that differ by
  // a whole code cost exactly the same.
  int rotated = 0;
  for (int seed = 0; seed < 200; ++seed) {
    std::mt19937 random(static_cast<unsigned>(seed));
    RepairPlan plan = plan_of(1, 4);
    for (std::size_t c = 0; c < 8; ++c) plan.sensitivity.push_back(1'000'003 * (random() % 97));
    for (std::size_t c = 8; c < 64; ++c) plan.sensitivity.push_back(plan.sensitivity[c % 8]);
    memory::WordFaultLists cells = random_cells(random, plan, 0, 0.1);
    std::uint32_t best = 0;
    double least = 0.0;
    for (std::uint32_t r = 0; r < 64; ++r) {
      double cost = 0.0;  // in steps of 2^-10, below 2^53 of them
      for (memory::CellFault& fault : cells.data) {
        fault.p01 = std::ceil(fault.p01 * 1024.0f) / 1024.0f;
        fault.p10 = 0.0f;
        cost += static_cast<double>(plan.sensitivity[(fault.bit + 64 - r) % 64]) *
                static_cast<double>(fault.p01);
      }
      if (r > 0 && cost >= least) continue;
      least = cost;
      best = r;
    }
    EXPECT_LT(best, 8u);
    rotated += best > 0;
    memory::FaultList expected = cells.data;
    for (memory::CellFault& fault : expected) fault.bit = (fault.bit + 64 - best) % 64;
    std::sort(expected.begin(), expected.end(),
              [](const memory::CellFault& a, const memory::CellFault& b) {
                return a.word != b.word ? a.word < b.word : a.bit < b.bit;
              });
    EXPECT_EQ(mitigate(plan, cells).data, expected) << seed;
  }
  EXPECT_GT(rotated, 100);
}

TEST(Placement, PutsTheSensitiveArrayOntoTheGoodOne) {
  RepairPlan plan = plan_of(2, 4);
  plan.sensitivity.assign(128, 1);
  std::fill_n(plan.sensitivity.begin(), 64, 10u);  // array 0 is ten times as sensitive
  RepairStats stats;
  const memory::WordFaultLists left = mitigate(plan, {{{0, 3}, {1, 9}, {5, 2}}, {{2, 64}}}, &stats);
  EXPECT_EQ(weight(left.data), 3.0);
  EXPECT_EQ(left.data[0].word, 1u);  // the one fault of array 1, row 1
  EXPECT_EQ(left.data[1].word, 4u);
  EXPECT_EQ(left.checks, (memory::FaultList{{6, 64}}));  // goes with its array, and is not rotated
  EXPECT_EQ(stats.arrays_moved, 2);
}

TEST(Placement, RotatesBadColumnsAwayFromSensitiveBits) {
  RepairPlan plan = plan_of(1, 4);
  plan.sensitivity.assign(64, 0);
  for (std::size_t c = 0; c < 64; ++c) plan.sensitivity[c] = c % 8 == 7 ? 100 : 10 + c;
  // Column 7 always fails; the least sensitive bit is column 0, so column 0 goes to 7.
  const memory::WordFaultLists left = mitigate(plan, {{{0, 7}, {1, 7}, {3, 7}}, {}});
  EXPECT_EQ(left.data, (memory::FaultList{{0, 0}, {1, 0}, {3, 0}}));
}

TEST(Placement, KeepsSafeColumnsUnderTheBitsTheyGuard) {
  RepairPlan plan = plan_of(1, 4);
  plan.safe_columns = kMsbsOf8;
  plan.rotation_step = 8;
  plan.sensitivity.assign(64, 1);
  for (std::size_t c = 0; c < 16; ++c) plan.sensitivity[c] = 50;
  std::mt19937 random(5);
  for (const memory::CellFault& fault : mitigate(plan, random_cells(random, plan, 0, 0.4)).data)
    EXPECT_NE(fault.bit % 8, 7u);
}

TEST(Placement, IsABijectionAndNeverCostsMoreThanTheAddresses) {
  for (int seed = 0; seed < 100; ++seed) {
    std::mt19937 random(static_cast<unsigned>(seed));
    RepairPlan plan = plan_of(4, 8);
    plan.geometry.words_per_cycle = 1 + static_cast<std::uint32_t>(random() % 2);
    for (int i = 0; i < 4 * 64; ++i) plan.sensitivity.push_back(random() % 1000);
    memory::WordFaultLists cells = random_cells(random, plan, 8, 0.1);
    // Each cell has a number of its own, by which it is found again.
    float mark = 0.0f;
    for (memory::FaultList* list : {&cells.data, &cells.checks}) {
      for (memory::CellFault& fault : *list) fault.p01 = fault.p10 = (mark += 1.0f) / 4096.0f;
    }
    const memory::WordFaultLists placed = mitigate(plan, cells);
    const auto marks = [](const memory::FaultList& list) {
      std::multiset<float> all;
      for (const memory::CellFault& fault : list) all.insert(fault.p01);
      return all;
    };
    EXPECT_EQ(marks(placed.data), marks(cells.data)) << seed;
    EXPECT_EQ(marks(placed.checks), marks(cells.checks)) << seed;
    EXPECT_TRUE(is_sorted_without_twins(placed.data)) << seed;
    EXPECT_TRUE(is_sorted_without_twins(placed.checks)) << seed;
    const auto cost = [&](const memory::FaultList& list) {
      double sum = 0.0;
      for (const memory::CellFault& f : list)
        sum += static_cast<double>(plan.sensitivity[plan.geometry.array_of(f.word) * 64 + f.bit]) *
               double{f.p01};
      return sum;
    };
    EXPECT_LE(cost(placed.data), cost(cells.data) * (1 + 1e-12)) << seed;
  }
}

}  // namespace
}  // namespace brownout::mitigation
