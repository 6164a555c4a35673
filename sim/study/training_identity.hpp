// SPDX-License-Identifier: Apache-2.0
// What distinguishes one training from another.
#pragma once
#include <filesystem>
#include <string>
#include <vector>

#include "sim/study/evaluation.hpp"

namespace brownout::study {

/// Everything that decides the weights, whatever file says it, as JSON text. The places of files do
/// not belong to it. `exported_from`: the key of the training whose checkpoint is exported, or "".
/// InputError for files that cannot be read.
std::string training_identity(const std::filesystem::path& config,
                              const std::vector<std::string>& assignments, int threads,
                              const std::string& exported_from, Datasets& datasets);

/// Tells the registry of outputs which files a training reads, so that none is replaced. Says
/// nothing about files that are missing or wrong: the training does.
void note_training_inputs(const std::filesystem::path& config,
                          const std::vector<std::string>& assignments);

}  // namespace brownout::study
