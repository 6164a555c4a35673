// SPDX-License-Identifier: Apache-2.0
// What verbs and options declare, as the pages that are made of them want it.
#pragma once
#include <string>
#include <vector>

#include "sim/command/verb.hpp"

namespace brownout::cli {

/// "brownout model inspect".
std::string full_name(const CLI::App& app);
/// "model inspect": the same without the program.
std::string verb_name(const CLI::App& app);

/// All verbs and groups, each group before its verbs.
std::vector<const CLI::App*> all_verbs(const CLI::App& app);
/// Whether it only holds other verbs.
bool is_group(const CLI::App& verb);

/// "--engine", or "MODEL" of a positional.
std::string option_name(const CLI::Option& option);

struct Described {
  std::string meaning;
  std::string usual;  // the default, "required", or ""
};
/// A description may say the default itself: "Array shown (default 0)".
Described described(const CLI::Option& option);

/// The names that a value may have, when it is one of a list.
std::vector<std::string> choices(const CLI::Option& option);

enum class Which { kOwn, kShared };
/// Options of a verb that help shows, positionals first: its own, or those that every verb has.
std::vector<const CLI::Option*> options_of(const CLI::App& verb, Which which);

/// "brownout eval MODEL [options]"; options that must be given stand there with their values.
std::string usage(const CLI::App& verb);

}  // namespace brownout::cli
