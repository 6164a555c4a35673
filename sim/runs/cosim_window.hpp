// SPDX-License-Identifier: Apache-2.0
// The window of cycles whose waves a co-simulation writes, and when the core runs.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "sim/engines/simulator.hpp"
#include "sim/runs/cosim_run.hpp"

namespace brownout::runs {

/// Where the core runs, layer after layer, if waves are asked for. Full batches and the rest are
/// timed without numbers. InputError for a window that is not within the run, or misses the layer.
std::vector<CoreTime> expect_window(const CosimConfig& config, std::int64_t images,
                                    engines::SimulatedEngine& plain);

/// The first one after the beginning of the window, else the last one.
std::optional<CoreTime> next_core(const CosimConfig& config, const std::vector<CoreTime>& times);

}  // namespace brownout::runs
