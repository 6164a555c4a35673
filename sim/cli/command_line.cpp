// SPDX-License-Identifier: Apache-2.0
// Verbs and parsing; CLI11 errors become InputErrors with a hint.
#include "sim/cli/command_line.hpp"

#include <CLI/CLI.hpp>
#include <utility>
#include <vector>

#include "sim/base/error.hpp"
#include "sim/base/outputs.hpp"
#include "sim/base/text.hpp"
#include "sim/cli/verbs.hpp"
#include "sim/engines/engine.hpp"

namespace brownout::cli {

namespace {

/// "brownout model inspect": the innermost verb that was given.
const CLI::App& innermost(const CLI::App& app) {
  const std::vector<CLI::App*> parsed =
      const_cast<CLI::App&>(app).get_subcommands();  // those on the command line
  return parsed.empty() ? app : innermost(*parsed.front());
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

std::string explain(const CLI::ParseError& error, const CLI::App& verb,
                    const std::vector<std::string>& left) {
  if (!left.empty()) return unexpected_argument(verb, left.front());
  if (dynamic_cast<const CLI::ArgumentMismatch*>(&error) != nullptr) {
    const std::string repeated = repeated_option(verb);
    if (!repeated.empty()) return repeated;
    const std::string text = error.what();  // "--rate: 1 required P missing"
    if (text.rfind("--", 0) == 0 && text.find("required") != std::string::npos) {
      return text.substr(0, text.find(':')) + ": needs a value";
    }
  }
  const std::vector<std::string> verbs = verb_names(verb);
  if (verbs.empty() || error.get_exit_code() != static_cast<int>(CLI::ExitCodes::RequiredError)) {
    return error.what();
  }
  return fmt::format("expected a verb: {}", fmt::join(verbs, ", "));
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

}  // namespace

int run(int argc, char** argv) {
  // The trainer parses its own options.
  if (argc >= 2 && std::string(argv[1]) == "train") {
    return run_train(std::vector<std::string>(argv + 2, argv + argc));
  }

  engines::check_environment();
  remember_command("brownout", std::vector<std::string>(argv + 1, argv + argc));
  CLI::App app{
      "Simulates DNN accelerators whose SRAM runs below Vmin: bit errors, accuracy, energy.\n"
      "Voltages are in units of Vmin, rates fractions, errors percent. Exit: 0 done, 1 the run\n"
      "failed, 2 the input is wrong.",
      "brownout"};
  app.set_version_flag("--version", "brownout " BROWNOUT_VERSION, "Print the version and exit");
  app.require_subcommand(1);

  CLI::App* eval = app.add_subcommand("eval", "Error of one network at one voltage or rate");
  CLI::App* sweep = app.add_subcommand("sweep", "Networks x voltages x chips from a YAML file");
  CLI::App* study =
      app.add_subcommand("study", "Trainings and what is measured on them, as a table");
  CLI::App* sensitivity =
      app.add_subcommand("sensitivity", "What wrong bits cost in each tensor and bit position");
  CLI::App* run_verb = app.add_subcommand("run", "A network on an accelerator: cycles and energy");
  CLI::App* cosim = app.add_subcommand("cosim", "The accelerator and its RTL side by side");
  CLI::App* estimate = app.add_subcommand("estimate", "Cycles of layers on an array, closed form");
  CLI::App* model = app.add_subcommand("model", "Look at network files");
  app.add_subcommand("train", "Train networks: starts brownout-train (see its --help)");
  CLI::App* inspect = model->add_subcommand("inspect", "Layers, parameters, codings, metadata");
  CLI::App* program =
      model->add_subcommand("program", "What an accelerator does for a network: tiles and cycles");
  model->require_subcommand(1);
  CLI::App* profile = app.add_subcommand("profile", "Chip profiles: make, look at, convert");
  profile->require_subcommand(1);
  std::vector<std::pair<CLI::App*, Action>> profile_verbs;
  const auto add_profile_verb = [&](const char* name, const char* help, Action (*add)(CLI::App&)) {
    CLI::App* verb = profile->add_subcommand(name, help);
    profile_verbs.emplace_back(verb, add(*verb));
  };
  add_profile_verb("generate", "A synthetic chip from a YAML file", add_profile_generate);
  add_profile_verb("import", "Maps in other formats become a profile", add_profile_import);
  add_profile_verb("inspect", "Rates, persistence, nesting, columns and rows", add_profile_inspect);
  add_profile_verb("fit", "The Gaussian cell model behind a profile", add_profile_fit);
  add_profile_verb("compare", "Two profiles side by side, cell by cell", add_profile_compare);
  add_profile_verb("plot", "Maps of cells, bit error rates against voltage", add_profile_plot);
  add_profile_verb("export", "Cells as CSV or NumPy arrays", add_profile_export);
  const Action run_estimate = add_estimate(*estimate);
  const Action run_eval = add_eval(*eval);
  const Action run_sweep = add_sweep(*sweep);
  const Action run_study = add_study(*study);
  const Action run_sensitivity = add_sensitivity(*sensitivity);
  const Action run_run = add_run(*run_verb);
  const Action run_cosim = add_cosim(*cosim);
  const Action run_inspect = add_model_inspect(*inspect);
  const Action run_program = add_model_program(*program);

  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) return app.exit(error);  // --help, --version
    const CLI::App& verb = innermost(app);
    throw InputError("{}; see {} --help", explain(error, verb, app.remaining(/*recurse=*/true)),
                     full_name(verb));
  }
  refuse_empty_values(innermost(app));
  if (estimate->parsed()) return run_estimate();
  if (eval->parsed()) return run_eval();
  if (sweep->parsed()) return run_sweep();
  if (study->parsed()) return run_study();
  if (sensitivity->parsed()) return run_sensitivity();
  if (run_verb->parsed()) return run_run();
  if (cosim->parsed()) return run_cosim();
  if (program->parsed()) return run_program();
  for (const auto& [verb, action] : profile_verbs) {
    if (verb->parsed()) return action();
  }
  BROWNOUT_CHECK(inspect->parsed(), "no verb ran");
  return run_inspect();
}

}  // namespace brownout::cli
