// SPDX-License-Identifier: Apache-2.0
// What a whole sweep gives, whoever computed it.
#pragma once
#include <filesystem>

#include "sim/cli/common.hpp"
#include "sim/results/sweep_result.hpp"

namespace brownout::cli {

/// Writes the files of the folder and the JSON, prints the table.
void give_sweep(const results::SweepResult& result, const std::filesystem::path& folder,
                bool no_plot, const Output& output);

}  // namespace brownout::cli
