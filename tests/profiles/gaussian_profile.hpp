// SPDX-License-Identifier: Apache-2.0
// Profiles of the Gaussian cell model, drawn cell by cell, written down independently of the fit.
#pragma once

#include <cmath>
#include <random>
#include <vector>

#include "sim/profiles/chip_profile.hpp"

namespace brownout::profiles {

struct GaussianChip {
  int arrays = 32, rows = 512, columns = 64;
  double share_01 = 0.7;
  double mu_01 = 0.71, sigma_01 = 0.05;
  double mu_10 = 0.70, sigma_10 = 0.06;
  double read_noise = 0.0, column_sigma = 0.0;
  std::vector<double> voltages{0.75, 0.792, 0.833, 0.875, 0.917};
};

/// Cells with a probability below 1e-4 are left out, as by a tester with that number of reads.
inline Profile gaussian_profile(const GaussianChip& chip, unsigned seed) {
  Profile profile;
  profile.name = "gaussian";
  profile.origin = "drawn in a test";
  profile.synthetic = true;
  profile.arrays = chip.arrays;
  profile.rows = chip.rows;
  profile.columns = chip.columns;
  for (const double voltage : chip.voltages) profile.levels.push_back({voltage, {}});
  std::mt19937_64 random(seed);
  std::normal_distribution<double> normal;
  std::bernoulli_distribution is_01(chip.share_01);
  std::vector<double> shifts(static_cast<std::size_t>(chip.arrays * chip.columns));
  for (double& shift : shifts) shift = chip.column_sigma * normal(random);
  std::uint64_t cell = 0;
  for (int array = 0; array < chip.arrays; ++array) {
    for (int row = 0; row < chip.rows; ++row) {
      for (int column = 0; column < chip.columns; ++column, ++cell) {
        const bool up = is_01(random);
        const double critical = (up ? chip.mu_01 : chip.mu_10) +
                                shifts[static_cast<std::size_t>(array * chip.columns + column)] +
                                (up ? chip.sigma_01 : chip.sigma_10) * normal(random);
        for (ProfileLevel& level : profile.levels) {
          const double over = critical - level.voltage;
          const double p = chip.read_noise == 0.0
                               ? (over > 0.0 ? 1.0 : 0.0)
                               : 0.5 * std::erfc(-over / chip.read_noise / std::sqrt(2.0));
          if (p < 1e-4) break;
          const auto q = static_cast<float>(p);
          level.cells.push_back({cell, up ? q : 0.0f, up ? 0.0f : q});
        }
      }
    }
  }
  return profile;
}

}  // namespace brownout::profiles
