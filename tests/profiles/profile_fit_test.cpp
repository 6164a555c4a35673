// SPDX-License-Identifier: Apache-2.0
// The fit finds the parameters with which profiles were drawn, and says what it cannot find.
#include "sim/profiles/profile_fit.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "gaussian_profile.hpp"

namespace brownout::profiles {
namespace {

bool has_note(const ProfileFit& fit, const std::string& part) {
  return std::any_of(fit.notes.begin(), fit.notes.end(),
                     [&](const std::string& note) { return note.find(part) != std::string::npos; });
}

TEST(ProfileFit, FindsMuSigmaAndShareOfBothDirections) {
  const GaussianChip chip;
  for (unsigned seed = 1; seed <= 3; ++seed) {
    SCOPED_TRACE(seed);
    const ProfileFit fit = fit_profile(gaussian_profile(chip, seed));
    ASSERT_TRUE(fit.up && fit.down);
    EXPECT_FALSE(fit.share_is_fitted);
    EXPECT_TRUE(has_note(fit, "do not tell it apart from μ"));
    EXPECT_NEAR(*fit.share_01, chip.share_01, 0.02);
    EXPECT_NEAR(fit.up->mu.value, chip.mu_01, 0.004);
    EXPECT_NEAR(fit.up->sigma, chip.sigma_01, 0.0015);
    EXPECT_NEAR(fit.down->mu.value, chip.mu_10, 0.01);
    EXPECT_NEAR(fit.down->sigma, chip.sigma_10, 0.003);
    EXPECT_LT(*fit.largest_decades, 0.1);
    EXPECT_EQ(fit.degrees_of_freedom, 6);
    EXPECT_GT(*fit.chi2_probability, 1e-3);
    EXPECT_FALSE(fit.read_noise);
    EXPECT_TRUE(has_note(fit, "read noise: no cell errs"));
    EXPECT_FALSE(fit.column_effect_is_significant);
    EXPECT_LT(fit.column_sigma->value, 0.006);
  }
}

TEST(ProfileFit, FindsTheShareWhereMostCellsErr) {
  GaussianChip chip;
  chip.share_01 = 0.6;
  chip.mu_10 = 0.62;
  chip.sigma_10 = 0.03;
  chip.voltages = {0.62, 0.65, 0.68, 0.71, 0.75, 0.8};
  for (unsigned seed = 1; seed <= 3; ++seed) {
    SCOPED_TRACE(seed);
    const ProfileFit fit = fit_profile(gaussian_profile(chip, seed));
    ASSERT_TRUE(fit.up && fit.down);
    EXPECT_TRUE(fit.share_is_fitted);
    EXPECT_GT(fit.points[0].observed01 / (fit.points[0].observed01 + fit.points[0].observed10), 0.7)
        << "the errors at the lowest voltage show another share";
    EXPECT_NEAR(*fit.share_01, 0.6, 0.01);
    EXPECT_NEAR(fit.up->mu.value, chip.mu_01, 0.002);
    EXPECT_NEAR(fit.up->sigma, chip.sigma_01, 0.001);
    EXPECT_NEAR(fit.down->mu.value, 0.62, 0.002);
    EXPECT_NEAR(fit.down->sigma, 0.03, 0.001);
    EXPECT_GT(*fit.chi2_probability, 1e-3);
  }
}

TEST(ProfileFit, FindsReadNoiseAndColumnEffect) {
  GaussianChip chip;
  chip.read_noise = 0.0066;
  chip.column_sigma = 0.02;
  for (unsigned seed = 1; seed <= 3; ++seed) {
    SCOPED_TRACE(seed);
    const ProfileFit fit = fit_profile(gaussian_profile(chip, seed));
    ASSERT_TRUE(fit.up && fit.down && fit.read_noise && fit.column_sigma);
    EXPECT_NEAR(fit.read_noise->value, 0.0066, 0.0003);
    EXPECT_GT(fit.read_noise->error, 1e-6);
    EXPECT_LT(fit.read_noise->error, 0.0003);
    EXPECT_TRUE(fit.column_effect_is_significant);
    EXPECT_NEAR(fit.column_sigma->value, 0.02, 0.002);
    EXPECT_NEAR(fit.up->total_sigma.value, std::sqrt(0.05 * 0.05 + 0.02 * 0.02 + 0.0066 * 0.0066),
                0.004);
    EXPECT_NEAR(fit.up->sigma, chip.sigma_01, 0.004);
    EXPECT_NEAR(fit.up->mu.value, chip.mu_01, 0.01);
    EXPECT_GT(*fit.chi2_probability, 1e-3) << "columns scatter, and χ² knows";
  }
}

TEST(ProfileFit, StandardErrorsDescribeTheScatterOverChips) {
  GaussianChip chip;
  chip.arrays = 4;
  chip.share_01 = 1.0;
  double mu_squares = 0.0, sigma_squares = 0.0;
  constexpr int kChips = 30;
  for (unsigned seed = 0; seed < kChips; ++seed) {
    const ProfileFit fit = fit_profile(gaussian_profile(chip, 50 + seed));
    mu_squares += std::pow((fit.up->mu.value - chip.mu_01) / fit.up->mu.error, 2);
    sigma_squares +=
        std::pow((fit.up->total_sigma.value - chip.sigma_01) / fit.up->total_sigma.error, 2);
    EXPECT_TRUE(has_note(fit, "1→0: no errors"));
    EXPECT_EQ(*fit.share_01, 1.0);
  }
  // Voltages share cells, which the errors treat as independent: more than 1, but not much more.
  for (const double mean : {mu_squares / kChips, sigma_squares / kChips}) {
    EXPECT_GT(mean, 0.4);
    EXPECT_LT(mean, 4.0);
  }
}

TEST(ProfileFit, TwoVoltagesGiveMuAndSigmaButNoJudgement) {
  GaussianChip chip;
  chip.voltages = {0.75, 0.833};
  const ProfileFit fit = fit_profile(gaussian_profile(chip, 5));
  ASSERT_TRUE(fit.up && fit.down);
  EXPECT_FALSE(fit.share_is_fitted);
  EXPECT_TRUE(has_note(fit, "fewer than three voltages"));
  EXPECT_EQ(fit.degrees_of_freedom, 0);
  EXPECT_FALSE(fit.chi2_probability);
  EXPECT_LT(*fit.largest_decades, 1e-6) << "passes through both";
  for (const FitPoint& point : fit.points) {
    EXPECT_NEAR(*point.fitted01, point.observed01, 1e-6 * point.observed01);
    EXPECT_NEAR(*point.fitted10, point.observed10, 1e-6 * point.observed10);
  }
}

TEST(ProfileFit, OneVoltageSaysWhatIsMissing) {
  GaussianChip chip;
  chip.voltages = {0.8};
  const ProfileFit fit = fit_profile(gaussian_profile(chip, 5));
  EXPECT_FALSE(fit.up || fit.down || fit.read_noise || fit.column_sigma);
  EXPECT_TRUE(fit.share_01);
  EXPECT_TRUE(has_note(fit, "one voltage"));
  EXPECT_FALSE(fit.rate01(0.8));
}

TEST(ProfileFit, NothingToFit) {
  Profile profile = gaussian_profile({}, 5);
  for (ProfileLevel& level : profile.levels) level.cells.clear();
  EXPECT_TRUE(has_note(fit_profile(profile), "no errors"));

  profile.levels[2].cells = {{3, 1.0f, 0.0f}};
  const ProfileFit once = fit_profile(profile);
  EXPECT_TRUE(has_note(once, "0→1: errors at one voltage only"));
  EXPECT_FALSE(once.up);

  profile.levels[4].cells = {{3, 1.0f, 0.0f}, {4, 1.0f, 0.0f}};
  EXPECT_TRUE(has_note(fit_profile(profile), "do not fall with voltage"));
}

TEST(ProfileFit, AllCellsFaultyAndFewColumnsDoNotUpsetIt) {
  Profile profile;
  profile.arrays = 1;
  profile.rows = 4;
  profile.columns = 2;
  profile.levels = {{0.7, {}}, {0.8, {{3, 0.5f, 0.0f}}}};
  for (std::uint64_t cell = 0; cell < 8; ++cell) profile.levels[0].cells.push_back({cell, 1, 0});
  const ProfileFit fit = fit_profile(profile);
  for (const FitPoint& point : fit.points) {
    EXPECT_TRUE(std::isfinite(point.fitted.value_or(0.0)));
  }
}

}  // namespace
}  // namespace brownout::profiles
