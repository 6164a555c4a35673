// SPDX-License-Identifier: Apache-2.0
// CLI11 errors become InputErrors with a hint.
#include "sim/cli/refusals.hpp"

#include <fmt/ranges.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include "sim/base/error.hpp"
#include "sim/base/text.hpp"
#include "sim/cli/application.hpp"
#include "sim/command/declarations.hpp"

namespace brownout::cli {

namespace {

/// Words of other programs for what a verb does.
const std::vector<std::pair<std::string, std::vector<std::string>>>& synonyms() {
  static const std::vector<std::pair<std::string, std::vector<std::string>>> table{
      {"evaluate", {"eval"}},
      {"test", {"eval"}},
      {"simulate", {"run"}},
      {"quantize", {"model import"}},
      {"convert", {"model import", "profile import"}},
      {"compile", {"model program"}},
      {"show", {"model inspect", "profile inspect"}},
      {"info", {"model inspect", "profile inspect"}},
      {"list", {"model inspect", "profile inspect"}},
      {"version", {"--version"}},
  };
  return table;
}

std::vector<std::string> option_names(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::Option* option : app.get_options()) {
    for (const std::string& name : option->get_lnames()) names.push_back(name);
  }
  return names;
}

std::vector<std::string> verb_names(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::App* verb : app.get_subcommands({})) names.push_back(verb->get_name());
  return names;
}

const CLI::App& root_of(const CLI::App& app) {
  return app.get_parent() == nullptr ? app : root_of(*app.get_parent());
}

/// Full names of the verbs whose own name is `name`.
std::vector<std::string> verbs_named(const std::string& name, const CLI::App& root) {
  std::vector<std::string> found;
  for (const CLI::App* verb : all_verbs(root)) {
    if (verb->get_name() == name) found.push_back(verb_name(*verb));
  }
  return found;
}

/// Full names of the verbs that have the option; empty when all have it.
std::vector<std::string> verbs_with(const std::string& option, const CLI::App& root) {
  std::vector<std::string> found;
  for (const CLI::App* verb : all_verbs(root)) {
    const std::vector<std::string> names = option_names(*verb);
    if (std::find(names.begin(), names.end(), option) != names.end()) {
      found.push_back(verb_name(*verb));
    }
  }
  return found;
}

/// The first option that is given more often than allowed, or "".
std::string repeated_option(const CLI::App& app) {
  for (const CLI::Option* option : app.get_options()) {
    const bool many = option->get_multi_option_policy() != CLI::MultiOptionPolicy::Throw;
    if (many || option->count() < 2) continue;
    return fmt::format("{}: expected it once, got it {}", option->get_name(),
                       option->count() == 2 ? "twice" : fmt::format("{} times", option->count()));
  }
  return "";
}

/// What an unknown option may have been: one of this verb that is spelt alike, else one of another
/// verb; "" when nothing is near.
std::string option_hint(const CLI::App& app, const std::string& word) {
  // Without the dashes, in which all options are alike, and without the value.
  std::string bare = word.substr(std::min(word.find_first_not_of('-'), word.size()));
  bare = bare.substr(0, bare.find('='));
  const std::vector<std::string> elsewhere = verbs_with(bare, root_of(app));
  constexpr std::size_t kMostNamed = 4;
  if (!elsewhere.empty() && elsewhere.size() <= kMostNamed) {
    return fmt::format("; it is an option of {}", alternatives(elsewhere));
  }
  const std::string near = nearest_name(bare, option_names(app));
  return near.empty() ? "" : fmt::format("; did you mean \"--{}\"?", near);
}

/// The first argument that nothing accepted, with what may have been meant.
std::string unexpected_argument(const CLI::App& app, const std::string& word) {
  if (word.rfind('-', 0) == 0) {
    return fmt::format("unknown option {}{}", in_quotes(word), option_hint(app, word));
  }
  if (verb_names(app).empty()) return fmt::format("unknown argument {}", in_quotes(word));
  const std::vector<std::string> meant = verbs_meant(word, app);
  return fmt::format("unknown verb {}{}", in_quotes(word),
                     meant.empty() ? "" : fmt::format("; did you mean {}?", alternatives(meant)));
}

/// An empty value is not a value, and no option was meant to have none.
void refuse_empty_values(const CLI::App& verb) {
  for (const CLI::Option* option : verb.get_options()) {
    for (const std::string& value : option->results()) {
      if (!value.empty()) continue;
      throw InputError("{}: expected a value, got \"\"", option->get_lnames().empty()
                                                             ? option->get_name()
                                                             : "--" + option->get_lnames().front());
    }
  }
}

/// The message of an error of CLI11. Mistakes in the arguments as a whole come with a hint.
std::string explain(const CLI::ParseError& error, const Verb& verb,
                    const std::vector<std::string>& left) {
  const auto hinted = [&](const std::string& problem) {
    return fmt::format("{}; see {} --help", problem, full_name(verb));
  };
  if (!left.empty()) return hinted(unexpected_argument(verb, left.front()));
  switch (static_cast<CLI::ExitCodes>(error.get_exit_code())) {
    case CLI::ExitCodes::ArgumentMismatch: {
      const std::string repeated = repeated_option(verb);
      if (!repeated.empty()) return hinted(repeated);
      const std::string text = error.what();  // "--rate: 1 required P missing"
      if (text.rfind("--", 0) == 0 && text.find("required") != std::string::npos) {
        return hinted(text.substr(0, text.find(':')) + ": needs a value");
      }
      return hinted(text);
    }
    case CLI::ExitCodes::RequiredError: {
      const std::vector<std::string> verbs = verb_names(verb);
      if (verbs.empty()) return hinted(error.what());
      return hinted(fmt::format("expected a verb: {}", fmt::join(verbs, ", ")));
    }
    case CLI::ExitCodes::ValidationError:
      return error.what();
    case CLI::ExitCodes::ExcludesError:
    case CLI::ExitCodes::RequiresError:
      return verb.broken_rule();
    default:
      return hinted(error.what());
  }
}

/// Whether all arguments were known, so that their values were looked at.
bool is_about_values(const CLI::ParseError& error) {
  const auto code = static_cast<CLI::ExitCodes>(error.get_exit_code());
  return code == CLI::ExitCodes::ValidationError || code == CLI::ExitCodes::ExcludesError ||
         code == CLI::ExitCodes::RequiresError;
}

}  // namespace

std::vector<std::string> verbs_meant(const std::string& word, const CLI::App& where) {
  const CLI::App& root = root_of(where);
  std::vector<std::string> meant = verbs_named(word, root);
  if (!meant.empty()) return meant;
  for (const auto& [other, verbs] : synonyms()) {
    if (other == word) return verbs;
  }
  // A misspelt verb of the group in which it stands, else of any.
  const std::string near = nearest_name(word, verb_names(where));
  const std::string group = verb_name(where);
  if (!near.empty()) return {group.empty() ? near : group + " " + near};
  std::vector<std::string> names;
  for (const CLI::App* verb : all_verbs(root)) names.push_back(verb->get_name());
  const std::string anywhere = nearest_name(word, names);
  return anywhere.empty() ? std::vector<std::string>{} : verbs_named(anywhere, root);
}

std::string alternatives(const std::vector<std::string>& names) {
  std::string text;
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (i > 0) text += i + 1 == names.size() ? " or " : ", ";
    text += "\"" + names[i] + "\"";
  }
  return text;
}

void parse_or_refuse(Verb& app, const std::vector<std::string>& words) {
  try {
    app.parse(std::vector<std::string>(words.rbegin(), words.rend()));
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) throw;  // --help, --version
    const Verb& verb = innermost(app);
    if (verb.get_help_ptr()->count() > 0) throw CLI::CallForHelp();
    const std::vector<std::string> left = app.remaining(/*recurse=*/true);
    if (left.empty() && is_about_values(error)) refuse_empty_values(verb);
    throw InputError("{}", explain(error, verb, left));
  }
  refuse_empty_values(innermost(app));
}

}  // namespace brownout::cli
