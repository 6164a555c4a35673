// SPDX-License-Identifier: Apache-2.0
// `brownout sensitivity`: what wrong bits cost in each tensor, and in each bit position.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "sim/experiment/setup.hpp"
#include "sim/weights/sensitivity.hpp"
#include "sim/workers/ranks.hpp"

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

/// How it is run. No result depends on threads and ranks.
struct SensitivityHow {
  int threads = 1;
  bool quiet = false;
  workers::Ranks* ranks = nullptr;  // null: this process is alone
};

/// For each coded tensor, and for each bit position over all tensors: the mean error over the chips
/// when only its cells fail, resident and without an accelerator.
SensitivityResult run_sensitivity(SensitivityConfig config, const SensitivityHow& how);

/// On the other ranks, with the same configuration: helps until rank 0 has all. Returns the exit
/// code.
int serve_sensitivity(const SensitivityConfig& config, const SensitivityHow& how);

}  // namespace brownout::runs
