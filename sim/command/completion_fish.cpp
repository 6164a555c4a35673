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

// "@" is the program's name in those of functions. Fish's own functions offer files of any ending,
// the right ones first, and take the option for a part of the file's name in --option=FILE.
constexpr char kFiles[] = R"(function @_files  # ENDING...: folders, and files with one
    set -l word (commandline -ct)
    set word (string replace -r -- '^--[^=]*=' '' "$word")
    for line in (complete -C "@_no_such_command $word")
        set -l file (string split -m 1 \t -- $line)[1]
        for ending in / $argv
            if string match -q -- "*$ending" $file
                echo -- $file
                break
            end
        end
    end
end
)";

/// What `complete -a` is given: words, and a command that lists files.
std::string arguments(const std::string& name, const Completed& what) {
  std::vector<std::string> parts = what.words;
  if (what.folders || !what.endings.empty()) {
    std::string files = name + "_files";
    for (const std::string& ending : what.endings) files += ending == "*" ? " ''" : " ." + ending;
    parts.push_back("(" + files + ")");
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
  std::string files = kFiles;
  for (std::size_t at = 0; (at = files.find('@', at)) != std::string::npos;) {
    files.replace(at, 1, name);
  }
  text += files;
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
      text += fmt::format("{} -a {} -d {}\n", here, for_fish(arguments(name, one.what)),
                          for_fish(one.help));
    }
    for (const CompletedOption& option : verb.options) {
      text += fmt::format("{} -l {}", here, option.name.substr(2));
      if (!option.flag) text += " -x -a " + for_fish(arguments(name, option.what));
      text += " -d " + for_fish(option.help) + "\n";
    }
  }
  return text;
}

}  // namespace brownout::cli
