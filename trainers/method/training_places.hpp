// SPDX-License-Identifier: Apache-2.0
// The files that a training writes, and which of them it may replace.
#pragma once
#include <filesystem>
#include <string>

#include "trainers/method/trainer.hpp"

namespace brownout::trainers {

/// The files of a training beside its network. InputError when one of them is the network itself.
TrainingFiles training_files(const TrainingConfig& config, bool quiet);

/// No input may be one of the files that are written: the network and, if it `trains`, those beside
/// it. `what` names the network in messages ("--out").
void watch_places(const std::string& what, const TrainingConfig& config, const TrainingFiles& files,
                  bool trains);

/// InputError unless the files belong to the training (those of its checkpoint, those that the very
/// same command wrote, or none yet), and unless an unfinished training continues (`resume`).
/// --overwrite replaces them all.
void claim_places(const std::string& what, const TrainingConfig& config, const TrainingFiles& files,
                  const Checkpoint& now, bool resume);

/// Checks before the first step that everything can be written, because the last step may come
/// hours later. Removes what killed processes left of these files.
void check_places(const TrainingConfig& config, const TrainingFiles& files,
                  const Architecture& architecture, bool trains);

}  // namespace brownout::trainers
