// SPDX-License-Identifier: Apache-2.0
// Declarations to what the three scripts have in common.
#include "sim/command/completion.hpp"

#include <algorithm>

#include "sim/command/declarations.hpp"

namespace brownout::cli {

namespace {

/// "FILE.yaml" among the words of a list stands for files.
void take_files_of(const std::string& name, Completed& what) {
  if (name.rfind("FILE", 0) != 0 && name != "PATH") return;
  const std::size_t dot = name.find('.');
  what.endings.push_back(dot == std::string::npos ? "*" : name.substr(dot + 1));
}

Completed completed(const Verb& verb, const CLI::Option& option) {
  Completed what;
  if (const Offer* offer = verb.offer_of(option)) {
    what.words = offer->words;
    if (offer->shipped == nullptr) return what;
    const std::vector<std::string> names = shipped_names(*offer->shipped);
    what.words.insert(what.words.end(), names.begin(), names.end());
    const std::string ending = std::string(offer->shipped->ending).substr(1);
    what.endings = {ending};
    if (ending == "yaml") what.endings.emplace_back("yml");
    return what;
  }
  for (const std::string& word : choices(option)) {
    if (word.rfind("FILE", 0) == 0) {
      take_files_of(word, what);
    } else {
      what.words.push_back(word);
    }
  }
  if (!what.words.empty()) return what;
  const std::string name = option.get_positional() ? option_name(option) : value_name(option).name;
  what.folders = name == "DIR";
  take_files_of(name, what);
  if (option.get_positional() && !what.folders && what.endings.empty()) what.endings = {"*"};
  return what;
}

CompletedOption completed_option(const Verb& verb, const CLI::Option& option) {
  CompletedOption one;
  one.name = option_name(option);
  one.help = described(option).meaning;
  one.flag = option.get_items_expected_max() == 0;
  if (!one.flag && !option.get_positional()) one.value = value_name(option).name;
  const bool repeated = option.get_multi_option_policy() == CLI::MultiOptionPolicy::TakeAll;
  one.many = option.get_positional() ? option.get_expected_max() > 1 : repeated;
  if (!one.flag) one.what = completed(verb, option);
  return one;
}

CompletedVerb completed_verb(const CLI::App& app) {
  const Verb& verb = static_cast<const Verb&>(app);
  CompletedVerb one;
  one.name = verb_name(app);
  one.help = app.get_description().substr(0, app.get_description().find('\n'));
  for (const CLI::App* inner : app.get_subcommands([](const CLI::App*) { return true; })) {
    one.inner.push_back(inner->get_name());
  }
  for (const Which which : {Which::kOwn, Which::kShared}) {
    for (const CLI::Option* option : options_of(app, which)) {
      auto& list = option->get_positional() ? one.positionals : one.options;
      list.push_back(completed_option(verb, *option));
    }
  }
  return one;
}

}  // namespace

std::vector<CompletedVerb> completed_verbs(const Verb& app) {
  std::vector<CompletedVerb> verbs{completed_verb(app)};
  for (const CLI::App* verb : all_verbs(app)) verbs.push_back(completed_verb(*verb));
  return verbs;
}

std::vector<std::string> completed_shells() { return {"bash", "zsh", "fish"}; }

std::string completion_script(const std::string& shell, const std::string& program,
                              const std::vector<CompletedVerb>& verbs) {
  if (shell == "zsh") return zsh_completion(program, verbs);
  if (shell == "fish") return fish_completion(program, verbs);
  return bash_completion(program, verbs);
}

}  // namespace brownout::cli
