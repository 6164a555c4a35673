// SPDX-License-Identifier: Apache-2.0
// What a whole sensitivity analysis gives, whoever measured it.
#pragma once
#include <filesystem>

#include "sim/cli/common.hpp"
#include "sim/runs/sensitivity_run.hpp"

namespace brownout::cli {

/// Writes the file of the folder, if there is a folder, and the JSON, and prints the table.
void give_sensitivity(const runs::SensitivityResult& result, const std::filesystem::path& folder,
                      const Output& output);

}  // namespace brownout::cli
