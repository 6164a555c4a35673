// SPDX-License-Identifier: Apache-2.0
// Where a training writes, and what of that it may replace.
#pragma once
#include <filesystem>
#include <string>

#include "trainers/trainer.hpp"

namespace brownout::trainers {

/// The files of a training beside its network. InputError when one of them is the network itself.
TrainingFiles training_files(const TrainingConfig& config, bool quiet);

/// No input may be one of the files that are written: the network and, where it `trains`, those
/// beside it. `what` names the network in messages ("--out").
void watch_places(const std::string& what, const TrainingConfig& config, const TrainingFiles& files,
                  bool trains);

/// InputError unless the files are the training's own: those of its checkpoint, those that the very
/// same command wrote, or none yet; and unless an unfinished training goes on (`resume`).
/// --overwrite replaces them all.
void claim_places(const std::string& what, const TrainingConfig& config, const TrainingFiles& files,
                  const Checkpoint& now, bool resume);

/// Everything that can be written must be before the first step: hours may lie before the last.
/// Clears what killed processes left of these files.
void check_places(const TrainingConfig& config, const TrainingFiles& files,
                  const Architecture& architecture, bool trains);

}  // namespace brownout::trainers
