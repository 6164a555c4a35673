// SPDX-License-Identifier: Apache-2.0
// A function for each verb, with the specifications of zsh's _arguments.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "sim/command/completion.hpp"

namespace brownout::cli {

namespace {

// "@" is the program's name in those of functions.
constexpr char kOffer[] = R"(
@_offer() {  # WORDS PATTERN: words, and files of a pattern, in any folder
  local expl ret=1
  local -a names=(${=1})
  (( $#names )) && _wanted names expl name compadd -a names && ret=0
  if [[ -n $2 ]]; then
    # Not by _files, which offers all files where there is none of the pattern.
    _wanted files expl file _path_files -g "$2" && ret=0
    [[ $2 != '*' ]] && _wanted directories expl folder _path_files -/ && ret=0
  fi
  return ret
}
)";

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  for (std::size_t at = 0; (at = text.find(from, at)) != std::string::npos; at += to.size()) {
    text.replace(at, from.size(), to);
  }
  return text;
}

/// In single quotes.
std::string for_zsh(const std::string& text) { return replaced(text, "'", R"('\'')"); }

/// Between the brackets of a specification.
std::string explanation(const std::string& help) {
  std::string text = replaced(help, "\\", "\\\\");
  for (const char* mark : {"[", "]", ":"}) text = replaced(text, mark, std::string("\\") + mark);
  return for_zsh(text);
}

/// ":NAME:" and what completes it.
std::string value(const std::string& function, const std::string& name, const Completed& what) {
  std::string text = fmt::format(":{}:", explanation(name));
  if (what.folders) return text + "_files -/";
  if (what.words.empty() && what.endings.empty()) return text + " ";
  std::string pattern;
  if (!what.endings.empty()) {
    // "(h5)" alone would be qualifiers of files, not a part of their names.
    const bool one = what.endings.size() == 1;
    pattern = what.endings.front() == "*" ? "*"
              : one                       ? "*." + what.endings.front()
                                          : fmt::format("*.({})", fmt::join(what.endings, "|"));
  }
  return text + fmt::format(R"( {}_offer "{}" "{}")", function,
                            replaced(fmt::format("{}", fmt::join(what.words, " ")), ":", "\\:"),
                            pattern);
}

/// What _arguments is told, a line each.
std::string specifications(const std::string& function, const CompletedVerb& verb) {
  std::string text;
  for (const CompletedOption& option : verb.options) {
    text += fmt::format(" \\\n    '{}{}{}[{}]{}'", option.many ? "*" : "", option.name,
                        option.flag ? "" : "=", explanation(option.help),
                        option.flag ? "" : value(function, option.value, option.what));
  }
  for (std::size_t i = 0; i < verb.positionals.size(); ++i) {
    const CompletedOption& one = verb.positionals[i];
    text += fmt::format(" \\\n    '{}{}'", one.many ? "*" : std::to_string(i + 1),
                        value(function, one.name, one.what));
  }
  return text;
}

std::string function_name(std::string program, const std::string& verb) {
  std::string name = "_" + program + (verb.empty() ? "" : "_" + verb);
  std::replace(name.begin(), name.end(), ' ', '_');
  return name;
}

const CompletedVerb* find(const std::vector<CompletedVerb>& verbs, const std::string& name) {
  const auto found = std::find_if(verbs.begin(), verbs.end(),
                                  [&](const CompletedVerb& verb) { return verb.name == name; });
  return found == verbs.end() ? nullptr : &*found;
}

/// Completes the name of a verb, then what that verb takes.
std::string group_body(const std::string& program, const CompletedVerb& group,
                       const std::vector<CompletedVerb>& verbs) {
  std::string list, calls;
  for (const std::string& inner : group.inner) {
    const std::string name = group.name.empty() ? inner : group.name + " " + inner;
    const CompletedVerb* verb = find(verbs, name);
    list += fmt::format("\n        '{}:{}'", inner, verb == nullptr ? "" : for_zsh(verb->help));
    calls += fmt::format("        ({}) {} ;;\n", inner, function_name(program, name));
  }
  return fmt::format(
      "  local curcontext=$curcontext state line\n  typeset -A opt_args\n"
      "  _arguments -C{} \\\n    '1:verb:->verb' \\\n    '*:: :->rest' && return\n"
      "  case $state in\n    (verb)\n      local -a verbs=({})\n"
      "      _describe -t verbs verb verbs ;;\n"
      "    (rest)\n      case $words[1] in\n{}      esac ;;\n  esac\n",
      specifications(function_name(program, ""), group), list, calls);
}

}  // namespace

std::string zsh_completion(const std::string& program, const std::vector<CompletedVerb>& verbs) {
  const std::string function = function_name(program, "");
  std::string text = fmt::format(
      "#compdef {}\n# Completion of {} in zsh. Made by `brownout help --completion zsh`.\n",
      program, program);
  text += replaced(kOffer, "@", function);
  for (const CompletedVerb& verb : verbs) {
    text += fmt::format("\n{}() {{\n", function_name(program, verb.name));
    text += verb.inner.empty() ? fmt::format("  _arguments{}\n", specifications(function, verb))
                               : group_body(program, verb, verbs);
    text += "}\n";
  }
  return text + fmt::format("\n{} \"$@\"\n", function);
}

}  // namespace brownout::cli
