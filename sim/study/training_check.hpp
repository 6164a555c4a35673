// SPDX-License-Identifier: Apache-2.0
// Asks the trainer whether it accepts trainings, before others run for hours.
#pragma once
#include <filesystem>
#include <string>
#include <vector>

namespace brownout::study {

/// What stands before the message of a trainer that failed.
inline constexpr char kErrorMark[] = "error: ";

struct TrainingQuestion {
  std::filesystem::path config;
  std::vector<std::string> assignments;
  std::filesystem::path network;  // that it would write
};

struct TrainingAnswer {
  std::string refusal;   // the trainer's message about wrong input, or ""
  std::string identity;  // what identifies the training, when it was not refused
};

/// Runs `program CONFIG --set ... --check` for each training, up to the given number at a time. A
/// trainer that fails without blaming its input (or cannot start) refuses nothing: the training
/// itself will show the problem.
std::vector<TrainingAnswer> ask_trainer(const std::string& program,
                                        const std::vector<TrainingQuestion>& questions,
                                        int at_a_time);

}  // namespace brownout::study
