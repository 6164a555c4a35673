// SPDX-License-Identifier: Apache-2.0
// `brownout sensitivity`: what wrong bits cost in each tensor, and in each bit position.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "sim/experiment/setup.hpp"
#include "sim/weights/sensitivity.hpp"

namespace brownout::runs {

struct SensitivityConfig {
  std::vector<std::filesystem::path> models;
  experiment::Setup setup;  // without an accelerator
  double rate = 0.0;        // above 0
  std::int64_t chips = 5;
  std::uint64_t seed = 0;  // chips random:seed … random:seed+chips-1
};

struct SensitivityResult {
  SensitivityConfig config;
  std::vector<weights::Sensitivity> networks;  // in the order of the models
  bool labelled = true;                        // else the clean predictions are the labels
  double seconds = 0.0;
};

/// For each coded tensor, and for each bit position over all tensors: the mean error over the chips
/// when only its cells fail, resident and without an accelerator. `threads` changes time only.
SensitivityResult run_sensitivity(SensitivityConfig config, int threads, bool quiet);

}  // namespace brownout::runs
