// SPDX-License-Identifier: Apache-2.0
// Completion of a command in a shell, from what its verbs declare.
#pragma once
#include <string>
#include <vector>

#include "sim/command/verb.hpp"

namespace brownout::cli {

/// What may stand where a value is expected.
struct Completed {
  std::vector<std::string> words;    // of a list, or names of shipped files
  std::vector<std::string> endings;  // of files, without the dot; one "*": every file
  bool folders = false;              // folders alone
};

struct CompletedOption {
  std::string name;  // "--engine", or "MODEL" of a positional
  std::string help;
  std::string value;  // "NAME"; "" of a flag and of a positional
  bool flag = false;
  bool many = false;  // may be repeated; a positional that takes all words that follow
  Completed what;
};

/// A verb or a group of verbs.
struct CompletedVerb {
  std::string name;                      // "model inspect"; "" of the program
  std::string help;                      // one line
  std::vector<std::string> inner;        // own names of the verbs of a group
  std::vector<CompletedOption> options;  // without positionals
  std::vector<CompletedOption> positionals;
};

/// Of a program with its verbs, or of one that has none.
std::vector<CompletedVerb> completed_verbs(const Verb& app);

/// Scripts for the shells, by their names ("bash", "zsh", "fish"). `program` is what is completed.
std::vector<std::string> completed_shells();
std::string completion_script(const std::string& shell, const std::string& program,
                              const std::vector<CompletedVerb>& verbs);

std::string bash_completion(const std::string& program, const std::vector<CompletedVerb>& verbs);
std::string zsh_completion(const std::string& program, const std::vector<CompletedVerb>& verbs);
std::string fish_completion(const std::string& program, const std::vector<CompletedVerb>& verbs);

}  // namespace brownout::cli
