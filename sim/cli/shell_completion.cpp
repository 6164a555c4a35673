// SPDX-License-Identifier: Apache-2.0
// Two tables, as branches of the script: the words that may follow a verb, and those that may
// follow an option.
#include "sim/cli/shell_completion.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "sim/cli/application.hpp"
#include "sim/cli/declarations.hpp"
#include "sim/cli/help_topics.hpp"

namespace brownout::cli {

namespace {

constexpr char kScriptHead[] =
    R"(# Completion of brownout in bash. Made by `brownout help --completion`.
_brownout() {
  local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]}
  local verb= words= i
  for ((i = 1; i < COMP_CWORD; ++i)); do
    case ${COMP_WORDS[i]} in -*) break ;; esac
    case "$verb" in
)";

constexpr char kScriptEnd[] = R"(  esac
  COMPREPLY=($(compgen -W "$words" -- "$word"))
}
complete -o default -F _brownout brownout
)";

std::string branch(const std::string& pattern, const std::vector<std::string>& words) {
  return fmt::format("    \"{}\") words='{}' ;;\n", pattern, fmt::join(words, " "));
}

std::vector<std::string> names_in(const CLI::App& group) {
  std::vector<std::string> names;
  for (const CLI::App* verb : group.get_subcommands([](const CLI::App*) { return true; })) {
    names.push_back(verb->get_name());
  }
  return names;
}

std::vector<std::string> long_options(const CLI::App& verb) {
  std::vector<std::string> names;
  for (const Which which : {Which::kOwn, Which::kShared}) {
    for (const CLI::Option* option : options_of(verb, which)) {
      if (!option->get_positional()) names.push_back(option_name(*option));
    }
  }
  return names;
}

}  // namespace

std::string shell_completion(const CLI::App& app) {
  std::string text = kScriptHead;
  text += fmt::format("      \"\") verb=${{COMP_WORDS[i]}} ;;\n");
  for (const CLI::App* verb : all_verbs(app)) {
    if (!is_group(*verb)) continue;
    text += fmt::format("      {0}) verb=\"{0} ${{COMP_WORDS[i]}}\" ;;\n", verb->get_name());
  }
  text += "    esac\n  done\n  case \"$verb/$before\" in\n";
  for (const CLI::App* verb : all_verbs(app)) {
    for (const CLI::Option* option : options_of(*verb, Which::kOwn)) {
      const std::vector<std::string> names = choices(*option);
      if (names.empty() || option->get_positional()) continue;
      text += branch(verb_name(*verb) + "/" + option_name(*option), names);
    }
  }
  text += "  esac\n  [ -n \"$words\" ] || case \"$verb\" in\n";
  std::vector<std::string> first = names_in(app);
  first.insert(first.end(), {"--help", "--version"});
  text += branch("", first);
  std::vector<std::string> topics = names_in(app);
  for (const HelpTopic& topic : help_topics()) topics.push_back(topic.name);
  text += branch("help", topics);
  for (const CLI::App* verb : all_verbs(app)) {
    const std::string name = verb_name(*verb);
    if (name == "help") continue;
    if (is_group(*verb)) {
      text += branch(name, names_in(*verb));
    } else {
      // Files come before options, unless a dash was typed.
      text += fmt::format("    \"{}\") [[ $word != -* ]] || words='{}' ;;\n", name,
                          fmt::join(long_options(*verb), " "));
    }
  }
  return text + kScriptEnd;
}

}  // namespace brownout::cli
