// SPDX-License-Identifier: Apache-2.0
// `brownout sensitivity`: what wrong bits cost in each tensor, and in each bit position.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "sim/data/dataset.hpp"
#include "sim/weights/sensitivity.hpp"

namespace brownout::sweep {

struct SensitivityConfig {
  std::vector<std::filesystem::path> models;
  std::string dataset = "fashion-mnist";
  data::Split split = data::Split::kTest;
  std::filesystem::path data_folder;  // empty: the usual place
  std::int64_t images = 0;            // the first ones; 0 = all
  std::string engine = "functional";  // of the inference room
  double rate = 0.0;                  // above 0
  std::int64_t chips = 5;
  std::uint64_t seed = 0;  // chips random:seed … random:seed+chips-1
  std::uint64_t bit_offset = 0;
  std::uint64_t evaluation_seed = 0;
};

struct SensitivityResult {
  SensitivityConfig config;                    // images settled
  std::vector<weights::Sensitivity> networks;  // in the order of the models
  double seconds = 0.0;
};

/// For each coded tensor, and for each bit position over all tensors: the mean error over the chips
/// when only its cells fail, resident and without an accelerator. `threads` changes time only.
SensitivityResult run_sensitivity(SensitivityConfig config, int threads, bool quiet);

}  // namespace brownout::sweep
