// SPDX-License-Identifier: Apache-2.0
// What is wrong with the words of a command line, in one message with the nearest thing that is
// right.
#pragma once
#include <string>
#include <vector>

#include "sim/command/verb.hpp"

namespace brownout::cli {

/// Parses the words after the program's name. Throws CLI::Success for --help and --version, and
/// InputError for everything that is refused.
void parse_or_refuse(Verb& app, const std::vector<std::string>& words);

/// The full names of the verbs that a reader may have meant by `word`, within the verb or group
/// `where` first: "inspect" is "model inspect" and "profile inspect". Empty when none is near.
std::vector<std::string> verbs_meant(const std::string& word, const CLI::App& where);

/// `"a"`, `"a" or "b"`, `"a", "b" or "c"`.
std::string alternatives(const std::vector<std::string>& names);

}  // namespace brownout::cli
