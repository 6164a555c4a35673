// SPDX-License-Identifier: Apache-2.0
// Cycles of layers on an array of any size in closed form, by this project's formulas or by those
// of SCALE-Sim v2.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sim/estimate/topology.hpp"

namespace brownout::estimate {

/// What stays in the array: weights (rows K, columns N), outputs (rows M, columns N), inputs (rows
/// K, columns M).
enum class EstimateDataflow { kWeightStationary, kOutputStationary, kInputStationary };
/// In the order of the enumeration: "ws", "os", "is".
const std::vector<std::string>& estimate_dataflows();

/// Physical: mapping/timing.hpp with the defaults of an accelerator file and the layers' own bits.
enum class Convention { kPhysical, kScaleSimV2 };
/// In the order of the enumeration: "physical", "scalesim-v2".
const std::vector<std::string>& conventions();

struct EstimateConfig {
  int rows = 16, columns = 16;
  EstimateDataflow dataflow = EstimateDataflow::kWeightStationary;
  Convention convention = Convention::kPhysical;
};

struct LayerEstimate {
  std::string name;
  int bits = 8;          // of a weight's code; acts in the convention "physical" alone
  std::string sparsity;  // as the layer has it; all else is that of a dense one
  std::int64_t cycles = 0;
  std::int64_t folds = 0;  // times the array is mapped anew
  std::int64_t macs = 0;
  double utilization = 0.0;          // MACs / (cycles · PEs)
  double mapping_efficiency = 0.0;   // share of PEs with work, mean over folds
  double compute_utilization = 0.0;  // MACs / (cycles of the fold · PEs), mean over folds
};

struct Estimate {
  EstimateConfig config;
  std::vector<LayerEstimate> layers;
  std::int64_t total_cycles = 0;
  std::int64_t total_macs = 0;
};

/// InputError for a dataflow that the convention does not have, and for layers too large to count.
Estimate estimate(const std::vector<MatrixLayer>& layers, const EstimateConfig& config);

}  // namespace brownout::estimate
