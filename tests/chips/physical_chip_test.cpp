// SPDX-License-Identifier: Apache-2.0
// Physical chips: rates in expectation, nesting, directions, effects, files, cost.
#include "sim/chips/physical_chip.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <ctime>
#include <map>

#include "sim/base/error.hpp"
#include "sim/base/random.hpp"
#include "sim/chips/physical_kernels.hpp"
#include "sim/memory/geometric.hpp"
#include "sim/memory/normal.hpp"
#include "sim/profiles/chip_profile.hpp"
#include "tests/profiles/profiles.hpp"

namespace brownout::chips {
namespace {

constexpr double kVoltage[] = {18.0 / 24, 19.0 / 24, 20.0 / 24, 21.0 / 24, 22.0 / 24, 23.0 / 24};
constexpr double kPublished[] = {0.2056, 0.05573, 0.01115, 0.00129, 0.0000686646, 0.00000190735};

/// Processor time, so that a busy machine does not matter.
double seconds_of(const std::function<void()>& work) {
  const auto now = [] {
    timespec time{};
    ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
  };
  const double start = now();
  work();
  return now() - start;
}

double sum(const memory::FaultList& faults) {
  double result = 0.0;
  for (const memory::CellFault& fault : faults) result += double{std::max(fault.p01, fault.p10)};
  return result;
}

using Cells = std::map<std::pair<std::uint32_t, std::uint32_t>, memory::CellFault>;
Cells by_cell(const memory::FaultList& faults) {
  Cells cells;
  for (const memory::CellFault& fault : faults) cells[{fault.word, fault.bit}] = fault;
  return cells;
}

PhysicalModel with_effects() {
  PhysicalModel model;
  model.zero_to_one = {0.72, 0.04};
  model.one_to_zero = {0.69, 0.05};
  model.zero_to_one_share = 0.75;
  model.rows = 128;
  model.columns = 128;
  model.array_deviation = 0.01;
  model.row_deviation = 0.008;
  model.column_deviation = 0.02;
  model.bad_column_share = 0.03;
  model.bad_column_shift = 0.06;
  return model;
}

TEST(PhysicalModel, MeetsThePublishedRatesWithinATenthOfADecade) {
  const PhysicalModel model;
  for (int i = 0; i < 6; ++i) {
    const double decades = std::log10(model.p(kVoltage[i]) / kPublished[i]);
    std::printf("V = %.4f: published %.4g, expected %.4g, %+.3f decades\n", kVoltage[i],
                kPublished[i], model.p(kVoltage[i]), decades);
    EXPECT_LT(std::abs(decades), 0.1);
  }
  EXPECT_EQ(model.p(1.0), 0.0);
}

TEST(PhysicalModel, OfTheShippedFileIsTheDefault) {
  const std::string file = std::string(BROWNOUT_SOURCE_DIR) + "/profiles/physical-14nm.yaml";
  EXPECT_EQ(PhysicalChip(7, file).identity(), PhysicalChip(7, PhysicalModel{}).identity());
  EXPECT_EQ(make_chip("physical:7," + file)->name(), "physical:7," + file);
  EXPECT_EQ(make_chip("physical:" + file + ",seed=7")->name(), "physical:7," + file);
  EXPECT_EQ(make_chip("physical:7")->name(), "physical:7");
  EXPECT_EQ(make_chip("physical:7")->faults(memory::MemoryId::kWeights, 900, {0.8, 0.0}),
            make_chip("physical:" + file + ",seed=7")
                ->faults(memory::MemoryId::kWeights, 900, {0.8, 0.0}));
}

TEST(PhysicalChip, HasTheExpectedRateInEachDirection) {
  for (const PhysicalModel& model : {PhysicalModel{}, with_effects()}) {
    const bool shared = model.column_deviation > 0.0;  // few arrays: the effects scatter
    for (const double voltage : {0.6, 0.7, 0.75, 0.8, 0.85}) {
      const std::uint32_t words = 1 << 16;
      const PhysicalChip chip(11, model);
      const memory::FaultList faults =
          chip.faults(memory::MemoryId::kWeights, words, {voltage, 0.0});
      double p01 = 0.0, p10 = 0.0;
      for (const memory::CellFault& fault : faults) {
        p01 += double{fault.p01};
        p10 += double{fault.p10};
        EXPECT_TRUE((fault.p01 == 0.0f) != (fault.p10 == 0.0f));
      }
      const double cells = words * 64.0;
      const auto near = [&](double found, double expected) {
        const double error =
            5.0 * std::sqrt(expected * cells) + (shared ? 0.1 : 0.002) * expected * cells;
        EXPECT_NEAR(found, expected * cells, error) << voltage;
      };
      near(p01, model.p01(voltage));
      near(p10, model.p10(voltage));
    }
  }
}

TEST(PhysicalChip, IsNestedAndKeepsDirections) {
  for (const PhysicalModel& model : {PhysicalModel{}, with_effects()}) {
    const PhysicalChip chip(5, model);
    Cells above;
    for (double voltage = 0.95; voltage > 0.6; voltage -= 0.0173) {
      const memory::FaultList list = chip.faults(memory::MemoryId::kWeights, 3000, {voltage, 0.0});
      for (std::size_t i = 1; i < list.size(); ++i)
        ASSERT_LT(std::make_pair(list[i - 1].word, list[i - 1].bit),
                  std::make_pair(list[i].word, list[i].bit));
      const Cells here = by_cell(list);
      for (const auto& [cell, fault] : above) {
        const auto found = here.find(cell);
        ASSERT_NE(found, here.end()) << voltage;
        EXPECT_GE(found->second.p01, fault.p01);
        EXPECT_GE(found->second.p10, fault.p10);
      }
      above = here;
    }
    EXPECT_GT(above.size(), 10000u);
  }
}

TEST(PhysicalChip, DoesNotDependOnHowMuchIsRead) {
  for (const PhysicalModel& model : {PhysicalModel{}, with_effects()}) {
    const PhysicalChip chip(5, model);
    const memory::FaultList all = chip.faults(memory::MemoryId::kWeights, 3000, {0.8, 0.0});
    for (const std::uint32_t words : {0u, 1u, 511u, 512u, 513u, 2047u}) {
      memory::FaultList first;
      for (const memory::CellFault& fault : all) {
        if (fault.word < words) first.push_back(fault);
      }
      EXPECT_EQ(chip.faults(memory::MemoryId::kWeights, words, {0.8, 0.0}), first);
    }
    EXPECT_NE(chip.faults(memory::MemoryId::kActivations, 3000, {0.8, 0.0}), all);
    EXPECT_NE(PhysicalChip(6, model).faults(memory::MemoryId::kWeights, 3000, {0.8, 0.0}), all);
    const memory::FaultList check = chip.check_faults(memory::MemoryId::kWeights, 3000, {0.8, 0.0});
    EXPECT_NEAR(sum(check) / sum(all), 1.0 / 8, 0.03);
    for (const memory::CellFault& fault : check) {
      EXPECT_GE(fault.bit, 64u);
      EXPECT_LT(fault.bit, 72u);
    }
  }
}

/// The definition of docs/chips.md cell by cell: no sparsity, double precision.
memory::FaultList by_definition(const PhysicalModel& m, std::uint64_t seed, std::uint64_t array,
                                double voltage) {
  const Philox philox(seed, Purpose::kPhysicalChip);
  const auto gaussian = [&](std::uint64_t counter, std::uint64_t i) {
    return memory::normal_upper(unit_open(philox(0, array, counter, i / 4)[i % 4]));
  };
  const auto columns = static_cast<std::size_t>(m.columns), rows = static_cast<std::size_t>(m.rows);
  std::vector<double> column_shift(columns), row_shift(rows);
  for (std::size_t c = 0; c < columns; ++c) {
    column_shift[c] = m.array_deviation * gaussian(64, 0) + m.column_deviation * gaussian(65, c);
    if (unit_open(philox(0, array, 67, c / 4)[c % 4]) < m.bad_column_share)
      column_shift[c] += m.bad_column_shift;
  }
  for (std::size_t r = 0; r < rows; ++r) row_shift[r] = m.row_deviation * gaussian(66, r);
  std::vector<std::size_t> order(columns);
  for (std::size_t c = 0; c < columns; ++c) order[c] = c;
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return static_cast<float>(column_shift[a]) > static_cast<float>(column_shift[b]);
  });
  const bool by_columns = m.column_deviation > 0.0 || m.bad_column_share > 0.0;

  Cells listed;
  const std::int64_t cells = std::int64_t{m.rows} * m.columns;
  for (std::uint64_t octave = 0; octave <= memory::kLastOctave; ++octave) {
    std::int64_t next = -1;
    for (std::uint64_t k = 0;; ++k) {
      const std::uint64_t y = philox(0, array, octave, k / 4)[k % 4];
      const std::uint64_t eight[8] = {y, y, y, y, y, y, y, y};
      std::int32_t gaps[8];
      physical::fill_gaps(eight, 8, static_cast<float>(memory::kGapScale[octave]), gaps);
      next += gaps[0] + 1;
      if (next >= cells) break;
      const auto cell = static_cast<std::size_t>(next);
      const std::size_t column = by_columns ? order[cell / rows] : cell % columns;
      const std::size_t row = by_columns ? cell % rows : cell / columns;
      const double f = (2.0 * static_cast<double>(y >> 9 & 0x7fffff) + 1.0) * 0x1p-24;
      const double u = octave == memory::kLastOctave
                           ? 0x1p-16 * f
                           : (1.0 + f) * std::ldexp(1.0, -1 - static_cast<int>(octave));
      const std::uint64_t direction = (y >> 32 & 511) << 9 | (y & 511);
      const bool zero_to_one =
          static_cast<double>(direction) < std::round(m.zero_to_one_share * 0x1p18);
      const PhysicalModel::Direction& d = zero_to_one ? m.zero_to_one : m.one_to_zero;
      const double vc =
          d.mean + d.deviation * memory::normal_upper(u) + column_shift[column] + row_shift[row];
      const double p = memory::normal_cdf((vc - voltage) / m.read_noise);
      const std::size_t place = row * columns + column;
      const auto word = static_cast<std::uint32_t>(place / 64);
      const auto bit = static_cast<std::uint32_t>(place % 64);
      listed.erase({word, bit});
      if (p >= PhysicalChip::kLeastProbability)
        listed[{word, bit}] = {word, bit, zero_to_one ? static_cast<float>(p) : 0.0f,
                               zero_to_one ? 0.0f : static_cast<float>(p)};
    }
  }
  memory::FaultList faults;
  for (const auto& [cell, fault] : listed) faults.push_back(fault);
  return faults;
}

TEST(PhysicalChip, IsWhatItsDefinitionSays) {
  PhysicalModel rows_only;
  rows_only.row_deviation = 0.02;
  for (const PhysicalModel& model : {PhysicalModel{}, with_effects(), rows_only}) {
    for (const double voltage : {0.68, 0.8, 0.9}) {
      const memory::FaultList expected = by_definition(model, 9, 0, voltage);
      const auto words = static_cast<std::uint32_t>(model.rows * model.columns / 64);
      const memory::FaultList found =
          PhysicalChip(9, model).faults(memory::MemoryId::kWeights, words, {voltage, 0.0});
      ASSERT_EQ(found.size(), expected.size()) << voltage;
      for (std::size_t i = 0; i < found.size(); ++i) {
        ASSERT_EQ(found[i].word, expected[i].word) << i;
        ASSERT_EQ(found[i].bit, expected[i].bit) << i;
        ASSERT_NEAR(found[i].p01, expected[i].p01, 5e-5) << i;
        ASSERT_NEAR(found[i].p10, expected[i].p10, 5e-5) << i;
      }
    }
  }
}

TEST(PhysicalChip, HasGaussianCriticalVoltagesWithoutNoise) {
  PhysicalModel model;
  model.read_noise = 0.0;
  const PhysicalChip chip(3, model);
  const double cells = 4096 * 64.0;
  for (const double voltage : {0.55, 0.65, 0.7, 0.74, 0.78, 0.82, 0.86}) {
    const memory::FaultList faults = chip.faults(memory::MemoryId::kWeights, 4096, {voltage, 0.0});
    EXPECT_EQ(sum(faults), static_cast<double>(faults.size()));  // all persistent
    const double p = model.p(voltage);
    EXPECT_NEAR(sum(faults) / cells, p, 4.5 * std::sqrt(p * (1 - p) / cells)) << voltage;
  }
}

TEST(PhysicalChip, HasStripesWhereColumnsAreBad) {
  PhysicalModel model;
  model.columns = 128;
  model.bad_column_share = 0.04;
  model.bad_column_shift = 0.08;
  const PhysicalChip chip(2, model);
  std::map<std::uint32_t, int> columns;
  const memory::FaultList faults =
      chip.faults(memory::MemoryId::kWeights, 1024, {0.85, 0.0});  // one array
  for (const memory::CellFault& fault : faults) ++columns[fault.word % 2 * 64 + fault.bit];
  double pairs = 0.0;
  for (const auto& [column, n] : columns) pairs += static_cast<double>(n) * n;
  EXPECT_GT(
      128.0 * pairs / (static_cast<double>(faults.size()) * static_cast<double>(faults.size())),
      4.0);
}

/// Processor time of drawing about 1000 faults of so many cells, the best of several draws.
double seconds_of_a_thousand(double cells) {
  const PhysicalModel model;
  double voltage = 0.75;
  while (model.p(voltage) > 1000 / cells) voltage += 1e-4;
  memory::FaultList faults;
  double best = 1e9;
  for (std::uint64_t seed = 1; seed <= 8; ++seed) {
    const PhysicalChip chip(seed, model);
    best = std::min(best, seconds_of([&] {
                      chip.draw(memory::MemoryId::kWeights, static_cast<std::uint32_t>(cells / 64),
                                voltage, faults);
                    }));
    EXPECT_NEAR(sum(faults), model.p(voltage) * cells, 5 * std::sqrt(model.p(voltage) * cells));
    EXPECT_LT(faults.size(), 8000u);
    EXPECT_LE(faults.capacity(), 2 * faults.size());
  }
  return best;
}

// A ratio on one machine: it is about 40, and would be about 1000 if the cost were that of the
// cells.
TEST(PhysicalChip, OfABillionCellsCostsItsFaultsOnly) {
  EXPECT_LT(seconds_of_a_thousand(1e9), 250 * seconds_of_a_thousand(1e6));
}

TEST(PhysicalChip, DrawsTheFaultsOfALargeNetwork) {
  const PhysicalModel model;
  double voltage = 0.83;
  while (model.p(voltage) > 0.01) voltage += 1e-4;
  memory::FaultList faults;
  PhysicalChip(0, model).draw(memory::MemoryId::kWeights, 5498378 / 8, voltage, faults);
  EXPECT_NEAR(sum(faults), 440000.0, 10000.0);
}

TEST(PhysicalModel, RefusesBadFiles) {
  const profiles::TestFolder folder;
  const std::string good =
      "name: a\nsource: b\nzero_to_one: {mean_vmin: 0.7, deviation_vmin: 0.05}\n"
      "one_to_zero: {mean_vmin: 0.7, deviation_vmin: 0.05}\nzero_to_one_share: 0.5\n"
      "read_noise_vmin: 0.01\narray: {rows: 512, columns: 64}\n";
  const auto refusal = [&](const std::string& from, const std::string& to) {
    std::string text = good;
    if (!from.empty()) text.replace(text.find(from), from.size(), to);
    profiles::write_bytes(folder.path() / "m.yaml", text);
    try {
      make_chip("physical:1," + (folder.path() / "m.yaml").string());
    } catch (const InputError& error) {
      return std::string(error.what());
    }
    return std::string("accepted");
  };
  EXPECT_EQ(refusal("", ""), "accepted");
  EXPECT_NE(refusal("deviation_vmin: 0.05", "deviation_vmin: 0").find("deviation_vmin: expected"),
            std::string::npos);
  EXPECT_NE(refusal("share: 0.5", "share: 1.5").find("zero_to_one_share: expected"),
            std::string::npos);
  EXPECT_NE(refusal("rows: 512, columns: 64", "rows: 3, columns: 65").find("multiple of 64"),
            std::string::npos);
  EXPECT_NE(refusal("read_noise_vmin", "noise_vmin").find("read_noise_vmin"), std::string::npos);
  EXPECT_THROW(make_chip("physical:1," + (folder.path() / "none.yaml").string()), InputError);
  EXPECT_THROW(make_chip("physical:1")->faults(memory::MemoryId::kWeights, 1, {std::nan(""), 0.0}),
               InputError);
}

}  // namespace
}  // namespace brownout::chips
