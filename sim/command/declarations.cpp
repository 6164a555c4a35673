// SPDX-License-Identifier: Apache-2.0
// Reads CLI11's tree of verbs.
#include "sim/command/declarations.hpp"

#include <fmt/format.h>

#include <set>

namespace brownout::cli {

namespace {

/// Options that every verb which writes a result has.
const std::set<std::string>& shared_options() {
  static const std::set<std::string> names{"--help", "--json", "--threads", "--overwrite",
                                           "--quiet"};
  return names;
}

}  // namespace

std::string full_name(const CLI::App& app) {
  const CLI::App* parent = app.get_parent();
  return parent == nullptr ? app.get_name() : full_name(*parent) + " " + app.get_name();
}

std::string verb_name(const CLI::App& app) {
  const CLI::App* parent = app.get_parent();
  if (parent == nullptr) return "";
  const std::string group = verb_name(*parent);
  return group.empty() ? app.get_name() : group + " " + app.get_name();
}

std::vector<const CLI::App*> all_verbs(const CLI::App& app) {
  std::vector<const CLI::App*> found;
  for (const CLI::App* verb : app.get_subcommands([](const CLI::App*) { return true; })) {
    found.push_back(verb);
    for (const CLI::App* inner : all_verbs(*verb)) found.push_back(inner);
  }
  return found;
}

bool is_group(const CLI::App& verb) {
  return !verb.get_subcommands([](const CLI::App*) { return true; }).empty();
}

std::string option_name(const CLI::Option& option) {
  return option.get_positional() ? option.get_name(/*positional=*/true)
                                 : "--" + option.get_lnames().front();
}

Described described(const CLI::Option& option) {
  Described text{option.get_description(), option.get_default_str()};
  if (option.get_required()) text.usual = "required";
  const std::size_t begin = text.meaning.find(" (default");
  const std::size_t end = text.meaning.find(')', begin);
  if (begin == std::string::npos || end == std::string::npos || !text.usual.empty()) return text;
  const std::size_t word = std::string(" (default").size();
  text.usual = text.meaning.substr(begin + word, end - begin - word);
  text.usual.erase(0, text.usual.find_first_not_of(": "));
  text.meaning.erase(begin, end - begin + 1);
  return text;
}

std::vector<std::string> choices(const CLI::Option& option) {
  const std::string range = value_name(option).range;  // "functional, float", "1 to 256"
  std::vector<std::string> names;
  for (std::size_t begin = 0; begin < range.size();) {
    const std::size_t end = std::min(range.find(", ", begin), range.size());
    names.push_back(range.substr(begin, end - begin));
    if (names.back().find(' ') != std::string::npos) return {};
    begin = end + 2;
  }
  return names;
}

std::vector<const CLI::Option*> options_of(const CLI::App& verb, Which which) {
  std::vector<const CLI::Option*> options;
  for (const bool positional : {true, false}) {
    for (const CLI::Option* option : verb.get_options()) {
      if (option->get_group().empty() || option->get_positional() != positional) continue;
      const std::string name = option_name(*option);
      const bool has_all = verb.get_option_no_throw("--json") != nullptr;  // a verb with results
      const bool is_shared = shared_options().count(name) > 0 && (has_all || name == "--help");
      if (is_shared == (which == Which::kShared)) options.push_back(option);
    }
  }
  return options;
}

std::string usage(const CLI::App& verb) {
  std::string text = full_name(verb);
  for (const CLI::Option* option : options_of(verb, Which::kOwn)) {
    const bool many = option->get_expected_max() > 1;
    if (option->get_positional()) {
      const std::string name = option_name(*option) + (many ? "..." : "");
      text += option->get_required() ? " " + name : " [" + name + "]";
    } else if (option->get_required()) {
      text += fmt::format(" {} {}", option_name(*option), value_name(*option).name);
    }
  }
  return text + " [options]";
}

}  // namespace brownout::cli
