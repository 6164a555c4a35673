// SPDX-License-Identifier: Apache-2.0
// A sweep: networks × voltages × chips from a configuration into a folder. It may be interrupted
// and continued at any time.
#pragma once
#include <filesystem>

#include "sim/results/sweep_result.hpp"
#include "sim/runs/sweep_file.hpp"

namespace brownout::runs {

/// Runs what the folder does not contain yet. Everything is checked before the folder is touched.
/// `threads` changes time only.
results::SweepResult run_sweep(SweepConfig config, const std::filesystem::path& folder, int threads,
                               bool quiet);

}  // namespace brownout::runs
