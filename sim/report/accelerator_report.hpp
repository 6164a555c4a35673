// SPDX-License-Identifier: Apache-2.0
// Accelerators as text and JSON: several as a table, one with every figure.
#pragma once

#include <string>
#include <vector>

#include "sim/estimate/scale_sim_config.hpp"
#include "sim/results/accelerator_summary.hpp"

namespace brownout::report {

std::string accelerators_text(const std::vector<results::AcceleratorSummary>& accelerators);
std::string accelerators_json(const std::vector<results::AcceleratorSummary>& accelerators);

std::string accelerator_text(const results::AcceleratorSummary& accelerator);
std::string accelerator_json(const results::AcceleratorSummary& accelerator);

/// What became of each figure of a configuration of SCALE-Sim, and what it does not say.
std::string scale_sim_text(const estimate::ScaleSimAccelerator& imported);
std::string scale_sim_json(const estimate::ScaleSimAccelerator& imported,
                           const results::AcceleratorSummary& accelerator);

}  // namespace brownout::report
