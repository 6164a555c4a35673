// SPDX-License-Identifier: Apache-2.0
// What an inference takes, as numbers: pricing.hpp computes them, reports print them.
#pragma once

#include <array>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "sim/base/energy_ledger.hpp"

namespace brownout::experiment {

/// All energy of an inference with leakage at the low and high ends of its range.
struct EnergyEnds {
  std::array<double, 2> uj{};
  std::array<double, 2> rel{};  // to the unprotected accelerator at Vmin at the same end
};

/// All energy of an inference against that of the unprotected accelerator at Vmin.
struct RelativeEnergy {
  double rel = 1.0;
  std::optional<EnergyEnds> ends;  // none: the technology states no range
  double access_share = 0.0;       // of weight accesses, dynamic, in all energy at Vmin
};

/// What a byte from or to the DRAM takes.
struct DramPrice {
  double pj_per_byte = 0.0;
  std::optional<double>
      technology_pj_per_byte;  // that the accelerator file replaces; none: it does not
};

/// Everything about a run that technology and voltage determine.
struct RunPrices {
  double voltage = 1.0;  // of the scaled rail
  std::string technology, rail;
  DramPrice dram;
  std::filesystem::path technology_file;
  double weight_area_rel = 1.0;  // of the weight memory, relative to the unprotected one
  double energy_sram_rel = 1.0;  // of a weight read, relative to an unprotected one at Vmin
  EnergyRange all;               // µJ per image
  std::vector<EnergyRange> layers;
  /// None if unprotected_cycles are unknown, or if the technology does not cover Vmin.
  std::optional<RelativeEnergy> relative;
};

}  // namespace brownout::experiment
