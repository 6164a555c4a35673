// SPDX-License-Identifier: Apache-2.0
// Effects of columns, rows and arrays: chips drawn with known parameters, dense and sparse.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "gaussian_profile.hpp"
#include "sim/profiles/profile_fit.hpp"
#include "sim/profiles/profile_statistics.hpp"

namespace brownout::profiles {
namespace {

bool has_note(const ProfileFit& fit, const std::string& part) {
  return std::any_of(fit.notes.begin(), fit.notes.end(),
                     [&](const std::string& note) { return note.find(part) != std::string::npos; });
}

/// One direction, 0→1, with shifts of columns, rows and arrays.
struct Shifts {
  int arrays = 4, rows = 256, columns = 64;
  double mu = 0.71, sigma = 0.05;
  double column = 0.0, row = 0.0, array = 0.0;
  double bad_share = 0.0, bad_shift = 0.0;
  std::vector<double> voltages{0.75, 0.792, 0.833, 0.875, 0.917};
};

Profile draw(const Shifts& chip, unsigned seed) {
  Profile profile;
  profile.name = "shifts";
  profile.arrays = chip.arrays, profile.rows = chip.rows, profile.columns = chip.columns;
  for (const double voltage : chip.voltages) profile.levels.push_back({voltage, {}});
  std::mt19937_64 random(seed);
  std::normal_distribution<double> normal;
  std::bernoulli_distribution is_bad(chip.bad_share);
  std::uint64_t cell = 0;
  for (int array = 0; array < chip.arrays; ++array) {
    const double of_array = chip.mu + chip.array * normal(random);
    std::vector<double> columns(static_cast<std::size_t>(chip.columns));
    for (double& shift : columns)
      shift = chip.column * normal(random) + (is_bad(random) ? chip.bad_shift : 0.0);
    for (int row = 0; row < chip.rows; ++row) {
      const double of_row = of_array + chip.row * normal(random);
      for (const double shift : columns) {
        const double critical = of_row + shift + chip.sigma * normal(random);
        for (ProfileLevel& level : profile.levels) {
          if (critical <= level.voltage) break;
          level.cells.push_back({cell, 1.0f, 0.0f});
        }
        ++cell;
      }
    }
  }
  return profile;
}

/// 20 of 512 columns, equally spaced, hold 1000, 240 and 60 errors; with a fourth voltage, four
/// more in as many columns.
Profile stripes(bool with_fourth) {
  Profile profile;
  profile.name = "stripes";
  profile.rows = 2048, profile.columns = 512;
  const std::vector<double> voltages{0.85, 0.88, 0.91, 0.95};
  const std::vector<std::pair<int, int>> shapes{{50, 20}, {12, 20}, {4, 15}, {1, 4}};
  for (std::size_t k = 0; k < (with_fourth ? 4u : 3u); ++k) {
    ProfileLevel level{voltages[k], {}};
    for (int row = 0; row < shapes[k].first; ++row) {
      for (int i = 0; i < shapes[k].second; ++i)
        level.cells.push_back({static_cast<std::uint64_t>(row * 512 + 25 * i), 0.0f, 1.0f});
    }
    profile.levels.push_back(level);
  }
  return profile;
}

TEST(ColumnFit, AVoltageWithFewErrorsDoesNotChangeTheColumnEffect) {
  const ProfileFit three = fit_profile(stripes(false));
  const ProfileFit four = fit_profile(stripes(true));
  for (const ProfileFit* fit : {&three, &four}) {
    ASSERT_TRUE(fit->column_sigma && fit->columns);
    EXPECT_TRUE(fit->column_effect_is_significant);
    EXPECT_NEAR(fit->column_sigma->value, 0.04, 0.01);
    EXPECT_GT(fit->column_sigma->error, 0.001);
    EXPECT_LT(std::abs(fit->column_sigma->value - 0.04), 2.0 * fit->column_sigma->error);
    EXPECT_EQ(fit->columns->best().kind, ColumnKind::kBadColumns);
    EXPECT_NEAR(fit->columns->best().bad_share.value, 20.0 / 512.0, 0.001);
    EXPECT_NEAR(fit->columns->best().bad_share.error, std::sqrt(20.0 * 492.0) / 512.0 / 22.6,
                0.002);
    EXPECT_TRUE(fit->columns->best().bad_shift_is_least) << "sound columns have no errors";
    EXPECT_GT(fit->columns->best().bad_shift.value, 0.1);
    EXPECT_NEAR(fit->columns->model_pair_ratio, 25.6, 1.5);
  }
  EXPECT_NEAR(three.column_sigma->value, four.column_sigma->value, three.column_sigma->error);
}

struct Coverage {
  double mean = 0.0, squares = 0.0;  // squares: of the deviations in units of the stated error
  int within = 0, within_two = 0, significant = 0, chips = 0;
};

Coverage cover(const Shifts& chip, int chips) {
  Coverage coverage;
  for (int i = 0; i < chips; ++i) {
    const ProfileFit fit = fit_profile(draw(chip, 100 + static_cast<unsigned>(i)));
    if (!fit.column_sigma) continue;
    ++coverage.chips;
    const double off = (fit.column_sigma->value - chip.column) / fit.column_sigma->error;
    coverage.mean += fit.column_sigma->value / chips;
    coverage.squares += off * off / chips;
    coverage.within += std::abs(off) <= 1.0;
    coverage.within_two += std::abs(off) <= 2.0;
    coverage.significant += fit.column_effect_is_significant;
  }
  return coverage;
}

TEST(ColumnFit, StatedErrorsCoverTheTruthOfDenseChips) {
  Shifts chip;
  chip.column = 0.02;
  const Coverage coverage = cover(chip, 20);
  EXPECT_EQ(coverage.significant, 20);
  EXPECT_NEAR(coverage.mean, 0.02, 0.001);
  EXPECT_GE(coverage.within, 9) << "68 % of 20: 13.6 ± 2.1";
  EXPECT_GE(coverage.within_two, 17);
  EXPECT_GT(coverage.squares, 0.3) << "and are not too large";
}

TEST(ColumnFit, StatedErrorsCoverTheTruthOfSparseChips) {
  Shifts chip;
  chip.column = 0.02;
  chip.voltages = {0.86, 0.88, 0.90, 0.93};  // about 180 errors of 65536 cells; 3 at 0.93
  const Coverage coverage = cover(chip, 20);
  EXPECT_EQ(coverage.chips, 20);
  EXPECT_NEAR(coverage.mean, 0.02, 0.004);
  EXPECT_GE(coverage.within, 8);
  EXPECT_GE(coverage.within_two, 16);
  EXPECT_GT(coverage.squares, 0.2);
}

TEST(ColumnFit, NoEffectIsSeldomFoundWhereThereIsNone) {
  for (const bool sparse : {false, true}) {
    SCOPED_TRACE(sparse);
    Shifts chip;
    if (sparse) chip.voltages = {0.86, 0.88, 0.90, 0.93};
    const Coverage coverage = cover(chip, 20);
    EXPECT_EQ(coverage.chips, 20);
    EXPECT_LE(coverage.significant, 4) << "5 % of 20: 1";
    EXPECT_GE(coverage.within_two, 17);
  }
}

TEST(ColumnFit, FindsFewBadColumns) {
  Shifts chip;
  chip.arrays = 8;
  chip.bad_share = 0.04;
  chip.bad_shift = 0.08;
  const ProfileFit fit = fit_profile(draw(chip, 3));
  ASSERT_TRUE(fit.columns);
  const ColumnModel& best = fit.columns->best();
  ASSERT_EQ(best.kind, ColumnKind::kBadColumns);
  EXPECT_GT(best.bad_share.error, 0.002);
  EXPECT_LT(best.bad_share.error, 0.02);
  EXPECT_NEAR(best.bad_share.value, 0.04, 3.0 * best.bad_share.error);
  EXPECT_GT(best.bad_shift.error, 1e-4);
  EXPECT_NEAR(best.bad_shift.value, 0.08, 3.0 * best.bad_shift.error);
  EXPECT_FALSE(best.bad_shift_is_least);
  EXPECT_NEAR(best.cells[0].mu, 0.71, 0.003);
  EXPECT_NEAR(best.cells[0].sigma, 0.05, 0.002);
  EXPECT_GT(fit.columns->chi2_probability.value_or(1.0), 1e-3);
}

TEST(ColumnFit, AChipDrawnFromTheFitHasThePairsOfTheMap) {
  Shifts chip;
  chip.column = 0.04;
  chip.voltages = {0.86, 0.88, 0.90, 0.93};
  const Profile map = draw(chip, 5);
  const ProfileFit fit = fit_profile(map);
  ASSERT_TRUE(fit.columns);
  ASSERT_EQ(fit.columns->best().kind, ColumnKind::kGaussian);
  const double seen = *profile_statistics(map)[0].column_pairs.ratio;
  EXPECT_NEAR(fit.columns->pair_ratio, seen, 1e-9);
  Shifts drawn = chip;
  drawn.mu = fit.columns->best().cells[0].mu;
  drawn.sigma = fit.columns->best().cells[0].sigma;
  drawn.column = fit.columns->best().column_sigma.value;
  double mean = 0.0, squares = 0.0;
  constexpr int kChips = 40;
  for (unsigned seed = 0; seed < kChips; ++seed) {
    const double ratio = *profile_statistics(draw(drawn, 1000 + seed))[0].column_pairs.ratio;
    mean += ratio / kChips, squares += ratio * ratio / kChips;
  }
  const double deviation = std::sqrt(squares - mean * mean);
  EXPECT_GT(seen, 2.0);
  EXPECT_NEAR(seen, mean, 2.5 * deviation);
  EXPECT_NEAR(fit.columns->model_pair_ratio, mean, 0.5 * deviation);
  EXPECT_GT(fit.columns->model_pair_ratio_error, 0.4 * deviation);
  EXPECT_LT(fit.columns->model_pair_ratio_error, 2.5 * deviation);
}

TEST(ColumnFit, FindsRowsAndArraysAndTellsThemFromColumns) {
  Shifts columns;
  columns.arrays = 16;
  columns.column = 0.02;
  const ProfileFit none = fit_profile(draw(columns, 7));
  ASSERT_TRUE(none.row_effect && none.array_effect);
  EXPECT_GT(none.row_effect->probability, 1e-3);
  EXPECT_GT(none.array_effect->probability, 2e-3);
  EXPECT_NEAR(none.row_effect->pairs, none.row_effect->expected, 0.03 * none.row_effect->expected);

  Shifts rows = columns;
  rows.row = 0.02;
  const ProfileFit with_rows = fit_profile(draw(rows, 8));
  EXPECT_TRUE(with_rows.row_effect->significant);
  EXPECT_NEAR(with_rows.row_effect->sigma.value, 0.02, 0.003);
  EXPECT_GT(with_rows.row_effect->sigma.error, 1e-4);

  Shifts arrays = columns;
  arrays.array = 0.02;
  const ProfileFit with_arrays = fit_profile(draw(arrays, 9));
  EXPECT_TRUE(with_arrays.array_effect->significant);
  EXPECT_NEAR(with_arrays.array_effect->sigma.value, 0.02,
              3.0 * with_arrays.array_effect->sigma.error);
  EXPECT_GT(with_arrays.array_effect->sigma.error, 0.001);
}

TEST(ColumnFit, SaysWhenNoModelDescribesTheColumns) {
  // Every column has one of two numbers of errors, without any scatter: more regular than chance.
  Profile profile;
  profile.name = "regular";
  profile.rows = 256, profile.columns = 128;
  for (const int errors : {40, 10}) {
    ProfileLevel level{errors == 40 ? 0.8 : 0.85, {}};
    for (int row = 0; row < errors; ++row) {
      for (int column = 0; column < 128; ++column)
        level.cells.push_back({static_cast<std::uint64_t>(row * 128 + column), 1.0f, 0.0f});
    }
    profile.levels.push_back(level);
  }
  const ProfileFit fit = fit_profile(profile);
  ASSERT_TRUE(fit.columns && fit.columns->chi2_probability);
  EXPECT_LT(*fit.columns->chi2_probability, 0.01);
  EXPECT_TRUE(has_note(fit, "describe the numbers of errors in columns"));
}

}  // namespace
}  // namespace brownout::profiles
