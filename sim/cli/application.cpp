// SPDX-License-Identifier: Apache-2.0
// Builds the tree of verbs from the table.
#include "sim/cli/application.hpp"

#include <algorithm>

#include "sim/base/error.hpp"
#include "sim/cli/refusals.hpp"
#include "sim/cli/verb_guide.hpp"

namespace brownout::cli {

Application::Application(const std::shared_ptr<Simulator>& simulator)
    : app("Simulates DNN accelerators whose SRAM runs below Vmin: bit errors, accuracy, energy.\n"
          "Voltages are in units of Vmin, rates fractions, errors percent. Exit: 0 done, 1 the "
          "run\n"
          "failed, 2 the input is wrong.",
          "brownout") {
  app.set_version_flag("--version", "brownout " BROWNOUT_VERSION, "Print the version and exit");
  app.require_subcommand(1);
  app.footer("brownout help lists topics, such as voltages, chips or energy.");
  for (const VerbEntry& entry : verbs()) {
    const auto verb = std::make_shared<Verb>(entry.help, entry.name, simulator);
    const bool grouped = *entry.group != '\0';
    CLI::App& parent = grouped ? *app.get_subcommand(entry.group) : app;
    parent.add_subcommand(verb);
    if (grouped) parent.require_subcommand(1);
    if (entry.add != nullptr) actions.emplace_back(verb.get(), entry.add(*verb));
    if (verb_name(entry) == "train") add_training_options(*verb, training);
    const Guide guide = guide_of(verb_name(entry));
    if (!guide.example.empty()) verb->footer("Example:\n  " + guide.example);
  }
}

std::string verb_name(const VerbEntry& entry) {
  return *entry.group == '\0' ? entry.name : std::string(entry.group) + " " + entry.name;
}

Verb& innermost(Verb& app) {
  const std::vector<CLI::App*> parsed = app.get_subcommands();  // those on the command line
  return parsed.empty() ? app : innermost(static_cast<Verb&>(*parsed.front()));
}

Verb* find_verb(CLI::App& app, const std::string& name) {
  for (CLI::App* verb : app.get_subcommands([](CLI::App*) { return true; })) {
    if (verb_name(*verb) == name) return static_cast<Verb*>(verb);
    if (Verb* inner = find_verb(*verb, name)) return inner;
  }
  return nullptr;
}

std::string problem_of_command(const std::vector<std::string>& words) {
  Application application;
  try {
    parse_or_refuse(application.app, words);
  } catch (const InputError& error) {
    return error.what();
  }
  return "";
}

}  // namespace brownout::cli
