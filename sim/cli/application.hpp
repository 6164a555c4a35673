// SPDX-License-Identifier: Apache-2.0
// The command with all its verbs, as the command line, the help pages and the tests see it.
#pragma once
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "sim/cli/verb.hpp"
#include "sim/cli/verbs.hpp"

namespace brownout::cli {

struct Application {
  /// `simulator` is for runs on an accelerator; null: there are none.
  explicit Application(const std::shared_ptr<Simulator>& simulator = nullptr);

  Verb app;
  std::vector<std::pair<Verb*, Action>> actions;  // of the verbs that are no groups
};

/// "brownout model inspect".
std::string full_name(const CLI::App& app);
/// "model inspect": the same without the program.
std::string verb_name(const CLI::App& app);
/// "model inspect" of a row of the table of verbs.
std::string verb_name(const VerbEntry& entry);

/// The innermost verb that was given.
Verb& innermost(Verb& app);

/// The verb of that full name ("model inspect"), or null.
Verb* find_verb(CLI::App& app, const std::string& name);

/// Reads the words after "brownout" as the command line does, and runs nothing. Returns why they
/// are refused, or "". Options of `train` are those of another program; they are not looked at.
std::string problem_of_command(const std::vector<std::string>& words);

}  // namespace brownout::cli
