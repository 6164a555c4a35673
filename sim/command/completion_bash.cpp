// SPDX-License-Identifier: Apache-2.0
// Three tables, as functions of the script: what the value of an option may be, what a positional
// may be, and the options of a verb.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "sim/command/completion.hpp"

namespace brownout::cli {

namespace {

// "@" is the program's name in those of functions.
constexpr char kMain[] = R"(@() {
  local word=${COMP_WORDS[COMP_CWORD]} verb= option= number=0 words= endings= folders= i one
  for ((i = 1; i < COMP_CWORD; ++i)); do
    one=${COMP_WORDS[i]}
    if [[ $one == [=:] ]]; then  # bash splits words there
      ((i + 1 < COMP_CWORD)) && { ((++i)); option=; }
      continue
    fi
    if [[ -n $option ]]; then
      option=
      continue
    fi
    case $one in
      --*) @_value "$verb" "$one" && option=$one ;;
      -*) ;;
      *) if @_is_group "$verb"; then verb=${verb:+$verb }$one; else ((++number)); fi ;;
    esac
  done
  COMPREPLY=()
  [[ $word == : || ${COMP_WORDS[COMP_CWORD - 1]} == : ]] && return  # within a value
  [[ $word == = ]] && word=
  words= endings= folders=
  if [[ -n $option ]]; then
    @_value "$verb" "$option"
  elif [[ $word == -* ]]; then
    @_options "$verb"
  else
    @_positional "$verb" "$number"
  fi
  local IFS=$'\n'
  COMPREPLY=($(IFS=' '; compgen -W "$words" -- "$word"))
  if [[ ${#COMPREPLY[@]} == 1 && ${COMPREPLY[0]} == *: ]]; then
    compopt -o nospace 2>/dev/null
    return
  fi
  [[ -n $endings$folders ]] || return
  [[ ${COMPREPLY[*]} == *:* ]] || compopt -o filenames 2>/dev/null
  if [[ $endings == '*' ]]; then
    COMPREPLY+=($(compgen -f -- "$word"))
    return
  fi
  COMPREPLY+=($(compgen -d -- "$word"))
  for one in $(IFS=' '; printf '%s\n' $endings); do
    COMPREPLY+=($(compgen -f -X "!*.$one" -- "$word"))
  done
}
)";

std::string function(const std::string& name, const std::string& comment, const std::string& cases,
                     const std::string& otherwise) {
  return fmt::format("{}() {{  # {}\n  case \"$1{}\" in\n{}    *) {} ;;\n  esac\n}}\n", name,
                     comment, cases.find("/") == std::string::npos ? "" : "/$2", cases, otherwise);
}

std::string assignments(const Completed& what) {
  std::string text;
  if (!what.words.empty()) text += fmt::format(" words='{}'", fmt::join(what.words, " "));
  if (!what.endings.empty()) text += fmt::format(" endings='{}'", fmt::join(what.endings, " "));
  if (what.folders) text += " folders=yes";
  return text;
}

}  // namespace

std::string bash_completion(const std::string& program, const std::vector<CompletedVerb>& verbs) {
  std::string values, positionals, options, groups;
  for (const CompletedVerb& verb : verbs) {
    std::vector<std::string> names;
    for (const CompletedOption& option : verb.options) {
      names.push_back(option.name);
      if (option.flag) continue;
      values +=
          fmt::format("    '{}/{}'){} ;;\n", verb.name, option.name, assignments(option.what));
    }
    if (!names.empty()) {
      options += fmt::format("    '{}') words='{}' ;;\n", verb.name, fmt::join(names, " "));
    }
    for (std::size_t i = 0; i < verb.positionals.size(); ++i) {
      const CompletedOption& one = verb.positionals[i];
      positionals += fmt::format("    '{}/'{}){} ;;\n", verb.name,
                                 one.many ? "*" : std::to_string(i), assignments(one.what));
    }
    if (!verb.inner.empty()) {
      groups += fmt::format("    '{}') ;;\n", verb.name);
      positionals +=
          fmt::format("    '{}/'*) words='{}' ;;\n", verb.name, fmt::join(verb.inner, " "));
    }
  }
  std::string name = "_" + program;
  std::replace(name.begin(), name.end(), '-', '_');
  std::string main = kMain;
  for (std::size_t at = 0; (at = main.find('@', at)) != std::string::npos; at += name.size()) {
    // "${COMPREPLY[@]}" keeps its own.
    if (at > 0 && main[at - 1] == '[') {
      at += 1 - name.size();
      continue;
    }
    main.replace(at, 1, name);
  }
  return fmt::format("# Completion of {} in bash. Made by `brownout help --completion bash`.\n",
                     program) +
         function(name + "_is_group", "VERB: whether verbs follow it", groups, "return 1") +
         function(name + "_value", "VERB OPTION: what its value may be; fails for a flag", values,
                  "return 1") +
         function(name + "_positional", "VERB NUMBER: what stands there", positionals, "return 1") +
         function(name + "_options", "VERB", options, "return 1") + main +
         fmt::format("complete -F {} {}\n", name, program);
}

}  // namespace brownout::cli
