// SPDX-License-Identifier: Apache-2.0
// The networks and images of a sweep, each read once.
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "sim/experiment/images.hpp"
#include "sim/experiment/model.hpp"
#include "sim/experiment/target.hpp"
#include "sim/mitigation/mitigations.hpp"
#include "sim/results/records.hpp"
#include "sim/runs/sweep_file.hpp"
#include "sim/runs/sweep_targets.hpp"

namespace brownout::runs {

/// A network with its programs, each compiled once: one for each choice of mitigations.
class SweepNetwork {
 public:
  SweepNetwork(experiment::Model model, experiment::TargetConfig config)
      : model_(std::move(model)), config_(std::move(config)) {}
  SweepNetwork(const SweepNetwork&) = delete;
  SweepNetwork& operator=(const SweepNetwork&) = delete;

  const experiment::Model& model() const { return model_; }
  /// Several threads may call it.
  const experiment::Target& with(const mitigation::Mitigations& mitigations);

 private:
  experiment::Model model_;
  experiment::TargetConfig config_;
  std::map<std::string, std::unique_ptr<const experiment::Target>> targets_;
  std::mutex mutex_;  // of targets_
};

using SweepNetworks = std::vector<std::unique_ptr<SweepNetwork>>;

struct SweepInputs {
  std::vector<SweepNetworks> networks;  // of each target
  experiment::OpenImages images;
  results::UsedImages used;
};

/// Loads and checks everything. InputError for networks that do not fit images, accelerator or
/// mitigations.
SweepInputs load_inputs(const SweepConfig& config, const std::vector<SweepTarget>& targets);

}  // namespace brownout::runs
