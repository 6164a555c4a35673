// SPDX-License-Identifier: Apache-2.0
// `brownout sensitivity`: what wrong bits cost in each tensor, and in each bit position.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "sim/base/json.hpp"
#include "sim/experiment/setup.hpp"
#include "sim/results/store.hpp"
#include "sim/weights/sensitivity.hpp"
#include "sim/workers/ranks.hpp"
#include "sim/workers/shard.hpp"

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
  std::filesystem::path folder{};   // keeps what is measured; empty: nothing does
};

/// The owner of such a folder, and the file with the result in it.
const results::StoreKind& sensitivity_kind();
inline constexpr char kSensitivityFile[] = "sensitivity.json";

/// For each coded tensor, and for each bit position over all tensors: the mean error over the chips
/// when only its cells fail, resident and without an accelerator. What the folder has is not
/// measured again. InputError for networks that do not fit the images or have no codes, for one
/// network twice, and for a folder of something else.
SensitivityResult run_sensitivity(const SensitivityConfig& config, const SensitivityHow& how);

/// The part of a shard, into a folder of its own. Returns the number of its rows. A network whose
/// groups are shared has its error without faults in each of the shards.
std::int64_t run_sensitivity_shard(const SensitivityConfig& config, const SensitivityHow& how,
                                   const workers::Shard& shard);

/// The folders of all shards become `how.folder`, and give the result. `identity` is that of the
/// shards (shards.hpp). InputError when networks or images have changed, and as merge_rows.
SensitivityResult merge_sensitivity_shards(const SensitivityConfig& config,
                                           const SensitivityHow& how,
                                           const std::vector<std::filesystem::path>& shards,
                                           const Json& identity);

/// On the other ranks, with the same configuration: helps until rank 0 has all. Returns the exit
/// code.
int serve_sensitivity(const SensitivityConfig& config, const SensitivityHow& how);

}  // namespace brownout::runs
