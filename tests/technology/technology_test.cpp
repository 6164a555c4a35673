// SPDX-License-Identifier: Apache-2.0
// The technology room: published points, the curve between them, the inverse, errors.
#include "sim/technology/technology.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <string>

#include "edited_profile.hpp"

namespace brownout::technology {
namespace {

TEST(Technology, GivesThePublishedRatesAtThePublishedVoltages) {
  const Technology technology = Technology::load(kProfile);
  EXPECT_EQ(technology.name(), "14nm-finfet");
  const double rates[] = {0.2056, 0.05573, 0.01115, 0.00129, 0.0000686646, 0.00000190735, 0.0};
  for (int k = 18; k <= 24; ++k)
    EXPECT_EQ(technology.bit_error_rate(k / 24.0), rates[k - 18]) << "k = " << k;
}

TEST(Technology, EnergyIsTheSquareOfTheVoltage) {
  const Technology technology = Technology::load(kProfile);
  const double energies[] = {0.5625, 0.626736, 0.694444, 0.765625, 0.840278, 0.918403, 1.0};
  for (int k = 18; k <= 24; ++k) {
    EXPECT_EQ(technology.sram_energy_relative(k / 24.0), (k / 24.0) * (k / 24.0));
    EXPECT_NEAR(technology.sram_energy_relative(k / 24.0), energies[k - 18], 5e-7);
  }
}

TEST(Technology, IsProbitLinearBetweenPoints) {
  const Technology technology = Technology::load(kProfile);
  // Worked out with 30 digits: quantiles -3.0137974400 at 0.875 and -3.8129296708 at 22/24, the
  // line at 0.894, its normal distribution.
  EXPECT_NEAR(technology.bit_error_rate(0.894), 3.64807667654e-4, 1e-14);
  // 20 % and 30 % of the energy saved, in the neighbourhood of the rates read off the figure.
  EXPECT_NEAR(technology.bit_error_rate(std::sqrt(0.8)), 3.5e-4, 0.3e-4);
  EXPECT_NEAR(technology.bit_error_rate(std::sqrt(0.7)), 9.5e-3, 0.2e-3);
}

TEST(Technology, StaysNearTheGaussianCellModelOfTheSameData) {
  const Technology technology = Technology::load(kProfile);
  for (double v = 0.75; v < 0.96; v += 0.001) {
    const double gauss = 0.5 * std::erfc((v - 0.709) / 0.0543 / std::sqrt(2.0));
    EXPECT_LT(std::abs(std::log10(technology.bit_error_rate(v) / gauss)), 0.07) << v;
  }
}

TEST(Technology, ContinuesWithTheEndSlopesAndDropsToZeroAtVmin) {
  const Technology technology = EditedProfile("lowest_vmin: 0.75", "lowest_vmin: 0.7").load();
  const auto z = [](double p) {  // normal quantile by bisection
    double low = -10.0, high = 10.0;
    for (int i = 0; i < 100; ++i) {
      const double mid = 0.5 * (low + high);
      (0.5 * std::erfc(-mid / std::sqrt(2.0)) < p ? low : high) = mid;
    }
    return low;
  };
  const double low_slope = (z(0.05573) - z(0.2056)) * 24.0;
  EXPECT_NEAR(z(technology.bit_error_rate(0.71)), z(0.2056) - 0.04 * low_slope, 1e-9);
  const double high_slope = (z(0.00000190735) - z(0.0000686646)) * 24.0;
  EXPECT_NEAR(z(technology.bit_error_rate(0.99)),
              z(0.00000190735) + (0.99 - 23.0 / 24.0) * high_slope, 1e-7);
  EXPECT_GT(technology.bit_error_rate(std::nextafter(1.0, 0.0)), 1e-8);
  EXPECT_EQ(technology.bit_error_rate(1.0), 0.0);
}

TEST(Technology, RatesFallStrictlyWithVoltage) {
  const Technology technology = Technology::load(kProfile);
  double last = 1.0;
  for (int i = 0; i <= 2500; ++i) {
    const double rate = technology.bit_error_rate(0.75 + i * 1e-4);
    EXPECT_LT(rate, last) << 0.75 + i * 1e-4;
    last = rate;
  }
}

TEST(Technology, VoltageAtRateInvertsTheCurve) {
  const Technology technology = Technology::load(kProfile);
  for (int i = 0; i <= 2499; ++i) {
    const double v = 0.75 + i * 1e-4;
    EXPECT_NEAR(technology.voltage_at_rate(technology.bit_error_rate(v)), v, 1e-12);
  }
  for (int k = 18; k <= 24; ++k)
    EXPECT_EQ(technology.voltage_at_rate(technology.bit_error_rate(k / 24.0)), k / 24.0);
  // Rates below the end of the curve are first met at Vmin.
  EXPECT_EQ(technology.voltage_at_rate(1e-12), 1.0);
  EXPECT_EQ(technology.voltage_at_rate(0.0), 1.0);
}

TEST(Technology, RefusesVoltagesOutsideTheValidityRange) {
  const Technology technology = Technology::load(kProfile);
  for (const double v : {0.7499, 1.0001, 0.0, -1.0, std::nan(""), HUGE_VAL}) {
    for (const std::string& message : {message_of([&] { technology.bit_error_rate(v); }),
                                       message_of([&] { technology.sram_energy_relative(v); })}) {
      EXPECT_NE(message.find("14nm-finfet.yaml"), std::string::npos) << v << ": " << message;
      EXPECT_NE(message.find("[0.75, 1]"), std::string::npos) << message;
      EXPECT_NE(message.find(fmt::format("got {}", v)), std::string::npos) << message;
    }
  }
  for (const double rate : {0.2057, 1.0, -1e-9, std::nan("")})
    EXPECT_NE(message_of([&] { technology.voltage_at_rate(rate); }).find("14nm-finfet.yaml"),
              std::string::npos)
        << rate;
}

TEST(Technology, EditingACoefficientChangesTheResult) {
  EXPECT_EQ(EditedProfile("rate: 0.01115", "rate: 0.02").load().bit_error_rate(20 / 24.0), 0.02);
  EXPECT_EQ(EditedProfile("exponent: 2", "exponent: 1").load().sram_energy_relative(0.75), 0.75);
}

TEST(Technology, RefusesWrongFilesWithFilePlaceAndValue) {
  struct Case {
    const char* from;
    const char* to;
    const char* expected;
  };
  const Case cases[] = {
      {"{voltage_vmin: 0.75, rate: 0.2056, source: *randbet}", "{voltage_vmin: 0.75, rate: 0.2056}",
       "source"},
      {"exponent: 2\n  source: *randbet", "exponent: 2\n  source: ''", "source"},
      {"rate: 0.05573", "rate: 0.3", "below 0.2056, got 0.3"},
      {"rate: 0.05573", "rate: 0.0", "between 0 and 1, got 0"},
      {"rate: 0.05573", "rate: .nan", "rate"},
      {"voltage_vmin: 0.875", "voltage_vmin: 0.8", "above 0.8333333333333334, got 0.8"},
      {"voltage_vmin: 0.9583333333333334", "voltage_vmin: 1.0", "below Vmin"},
      {"highest_vmin: 1.0", "highest_vmin: 0.5", "above lowest_vmin (0.75), got 0.5"},
      {"highest_vmin", "highest_vimn", "highest_vmin"},
      {"sram_energy:", "dram_energy:", "sram_energy"},
  };
  for (const Case& c : cases) {
    const std::string message = EditedProfile(c.from, c.to).message();
    EXPECT_NE(message.find(c.expected), std::string::npos) << c.to << ": " << message;
    EXPECT_NE(message.find(".yaml"), std::string::npos) << c.to << ": " << message;
  }
  EXPECT_NE(message_of([] { Technology::load("/nowhere/technology.yaml"); }), "");
}

}  // namespace
}  // namespace brownout::technology
