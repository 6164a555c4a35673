// SPDX-License-Identifier: Apache-2.0
// One `complete` command for each verb, option and positional, with the verb as its condition.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "sim/command/completion.hpp"

namespace brownout::cli {

namespace {

/// In single quotes.
std::string for_fish(const std::string& text) {
  std::string out = "'";
  for (const char c : text) {
    if (c == '\'' || c == '\\') out += '\\';
    out += c;
  }
  return out + "'";
}

/// What `complete -a` is given: words, and commands that list files.
std::string arguments(const Completed& what) {
  std::vector<std::string> parts = what.words;
  if (what.folders) parts.emplace_back("(__fish_complete_directories)");
  for (const std::string& ending : what.endings) {
    parts.push_back(ending == "*" ? "(__fish_complete_path)"
                                  : fmt::format("(__fish_complete_suffix .{})", ending));
  }
  return fmt::format("{}", fmt::join(parts, " "));
}

/// Prints the verb that the words before the cursor name.
std::string verb_function(const std::string& name, const std::vector<CompletedVerb>& verbs) {
  std::string groups;
  for (const CompletedVerb& verb : verbs) {
    if (!verb.inner.empty()) groups += " " + for_fish(verb.name);
  }
  return fmt::format(
      "function {0}_is  # VERB: whether it is the one that was typed\n"
      "    set -l verb ''\n"
      "    for word in (commandline -opc)[2..-1]\n"
      "        if string match -q -- '-*' $word; or not contains -- \"$verb\"{1}\n"
      "            break\n"
      "        end\n"
      "        set verb (string trim -- \"$verb $word\")\n"
      "    end\n"
      "    test \"$verb\" = \"$argv[1]\"\n"
      "end\n",
      name, groups.empty() ? " /" : groups);
}

}  // namespace

std::string fish_completion(const std::string& program, const std::vector<CompletedVerb>& verbs) {
  std::string name = "__" + program;
  std::replace(name.begin(), name.end(), '-', '_');
  std::string text = fmt::format(
      "# Completion of {} in fish. Made by `brownout help --completion fish`.\n", program);
  text += verb_function(name, verbs);
  text += fmt::format("complete -c {} -f\n", program);
  for (const CompletedVerb& verb : verbs) {
    const std::string here = fmt::format("complete -c {} -n {}", program,
                                         for_fish(fmt::format("{}_is \"{}\"", name, verb.name)));
    for (const std::string& inner : verb.inner) {
      const std::string full = verb.name.empty() ? inner : verb.name + " " + inner;
      const auto found = std::find_if(verbs.begin(), verbs.end(),
                                      [&](const CompletedVerb& one) { return one.name == full; });
      text += fmt::format("{} -a {} -d {}\n", here, inner,
                          for_fish(found == verbs.end() ? "" : found->help));
    }
    for (const CompletedOption& one : verb.positionals) {
      text +=
          fmt::format("{} -a {} -d {}\n", here, for_fish(arguments(one.what)), for_fish(one.help));
    }
    for (const CompletedOption& option : verb.options) {
      text += fmt::format("{} -l {}", here, option.name.substr(2));
      if (!option.flag) text += " -x -a " + for_fish(arguments(option.what));
      text += " -d " + for_fish(option.help) + "\n";
    }
  }
  return text;
}

}  // namespace brownout::cli
