// SPDX-License-Identifier: Apache-2.0
// The command with all its verbs, as the command line, the help pages and the tests see it.
#pragma once
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "sim/cli/verbs.hpp"
#include "sim/command/declarations.hpp"
#include "sim/command/training_options.hpp"
#include "sim/command/verb.hpp"

namespace brownout::cli {

struct Application {
  /// `simulator` is for runs on an accelerator; null: there are none.
  explicit Application(const std::shared_ptr<Simulator>& simulator = nullptr);

  Verb app;
  std::vector<std::pair<Verb*, Action>> actions;  // of the verbs that are no groups
  TrainingOptions training;  // declared for help; the trainer reads them itself
};

/// "model inspect" of a row of the table of verbs.
std::string verb_name(const VerbEntry& entry);

/// The innermost verb that was given.
Verb& innermost(Verb& app);

/// The verb of that full name ("model inspect"), or null.
Verb* find_verb(CLI::App& app, const std::string& name);

/// Reads the words after "brownout" as the command line does, and runs nothing. Returns why they
/// are refused, or "".
std::string problem_of_command(const std::vector<std::string>& words);

}  // namespace brownout::cli
