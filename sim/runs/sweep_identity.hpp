// SPDX-License-Identifier: Apache-2.0
// Which sweep a folder belongs to.
#pragma once
#include <string>
#include <vector>

#include "sim/results/records.hpp"
#include "sim/results/sweep_result.hpp"
#include "sim/runs/sweep_file.hpp"

namespace brownout::runs {

/// The sweep a folder belongs to, as pretty JSON: everything that decides its numbers.
std::string identity(const SweepConfig& config, const std::vector<results::SweepModel>& models,
                     const results::UsedImages& used, const std::string& first_chip);

}  // namespace brownout::runs
