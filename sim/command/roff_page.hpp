// SPDX-License-Identifier: Apache-2.0
// A manual page in the man macros of roff, from what a verb declares and what is said around it.
#pragma once
#include <string>
#include <utility>
#include <vector>

#include "sim/command/verb.hpp"

namespace brownout::cli {

/// What stands on it. Texts are plain; empty parts are left out.
struct ManualPage {
  std::string name;                   // "brownout-model-inspect"
  std::string brief;                  // one line, after the name
  std::vector<std::string> synopsis;  // "brownout model inspect MODEL [options]"
  std::string description;            // paragraphs, with an empty line between
  std::vector<const CLI::Option*> options;
  std::vector<const CLI::Option*> shared_options;  // that every verb has
  using Entries = std::vector<std::pair<std::string, std::string>>;
  Entries commands, topics;  // verbs and pages of help, each with its line
  Entries exit_codes, environment, files;
  std::vector<std::string> examples;  // command lines
  std::vector<std::string> see_also;  // names of other pages of section 1
  std::string read_on;
};

std::string to_roff(const ManualPage& page);

}  // namespace brownout::cli
