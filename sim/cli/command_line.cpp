// SPDX-License-Identifier: Apache-2.0
// Verbs and parsing; CLI11 errors become InputErrors with a hint.
#include "sim/cli/command_line.hpp"

#include <fmt/ranges.h>

#include <CLI/CLI.hpp>
#include <memory>
#include <utility>
#include <vector>

#include "sim/base/error.hpp"
#include "sim/base/outputs.hpp"
#include "sim/base/text.hpp"
#include "sim/cli/verb.hpp"
#include "sim/cli/verbs.hpp"
#include "sim/engines/engine.hpp"

namespace brownout::cli {

namespace {

/// "brownout model inspect": the innermost verb that was given.
Verb& innermost(Verb& app) {
  const std::vector<CLI::App*> parsed = app.get_subcommands();  // those on the command line
  return parsed.empty() ? app : innermost(static_cast<Verb&>(*parsed.front()));
}

std::string full_name(const CLI::App& app) {
  const CLI::App* parent = app.get_parent();
  return parent == nullptr ? app.get_name() : full_name(*parent) + " " + app.get_name();
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

/// The first argument that nothing accepted, with the nearest known name.
std::string unexpected_argument(const CLI::App& app, const std::string& word) {
  const bool is_option = word.rfind('-', 0) == 0;
  const std::string what = is_option ? "option" : (verb_names(app).empty() ? "argument" : "verb");
  // Without the dashes, in which all options are alike.
  const std::string bare = word.substr(std::min(word.find_first_not_of('-'), word.size()));
  std::string near = nearest_name(bare, is_option ? option_names(app) : verb_names(app));
  if (is_option && !near.empty()) near = "--" + near;
  return fmt::format("unknown {} {}{}", what, in_quotes(word),
                     near.empty() ? "" : fmt::format("; did you mean \"{}\"?", near));
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

/// Adds the verbs of the table; returns what runs those that are no groups.
std::vector<std::pair<Verb*, Action>> add_verbs(Verb& app) {
  std::vector<std::pair<Verb*, Action>> actions;
  for (const VerbEntry& entry : verbs()) {
    const auto verb = std::make_shared<Verb>(entry.help, entry.name);
    const bool grouped = *entry.group != '\0';
    CLI::App& parent = grouped ? *app.get_subcommand(entry.group) : app;
    parent.add_subcommand(verb);
    if (grouped) parent.require_subcommand(1);
    if (entry.add != nullptr) actions.emplace_back(verb.get(), entry.add(*verb));
  }
  return actions;
}

}  // namespace

int run(int argc, char** argv) {
  // The trainer parses its own options.
  if (argc >= 2 && std::string(argv[1]) == "train") {
    return run_train(std::vector<std::string>(argv + 2, argv + argc));
  }

  engines::check_environment();
  remember_command("brownout", std::vector<std::string>(argv + 1, argv + argc));
  Verb app(
      "Simulates DNN accelerators whose SRAM runs below Vmin: bit errors, accuracy, energy.\n"
      "Voltages are in units of Vmin, rates fractions, errors percent. Exit: 0 done, 1 the run\n"
      "failed, 2 the input is wrong.",
      "brownout");
  app.set_version_flag("--version", "brownout " BROWNOUT_VERSION, "Print the version and exit");
  app.require_subcommand(1);
  const std::vector<std::pair<Verb*, Action>> actions = add_verbs(app);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) return app.exit(error);  // --help, --version
    const Verb& verb = innermost(app);
    if (verb.get_help_ptr()->count() > 0) return app.exit(CLI::CallForHelp());
    const std::vector<std::string> left = app.remaining(/*recurse=*/true);
    if (left.empty() && is_about_values(error)) refuse_empty_values(verb);
    throw InputError("{}", explain(error, verb, left));
  }
  refuse_empty_values(innermost(app));
  for (const auto& [verb, action] : actions) {
    if (verb->parsed()) return name_fields(verb->field_names(), action);
  }
  BROWNOUT_CHECK(false, "no verb ran");
  return 1;
}

}  // namespace brownout::cli
