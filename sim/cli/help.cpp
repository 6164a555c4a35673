// SPDX-License-Identifier: Apache-2.0
// `brownout help`: topics, the options of verbs, and the page that lists all of them.
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <memory>
#include <system_error>

#include "sim/base/error.hpp"
#include "sim/base/files.hpp"
#include "sim/base/text.hpp"
#include "sim/cli/application.hpp"
#include "sim/cli/arguments.hpp"
#include "sim/cli/command_page.hpp"
#include "sim/cli/common.hpp"
#include "sim/cli/help_topics.hpp"
#include "sim/cli/manual_pages.hpp"
#include "sim/cli/refusals.hpp"
#include "sim/command/completion.hpp"

namespace brownout::cli {

namespace fs = std::filesystem;

namespace {

struct HelpOptions {
  std::vector<std::string> words;
  std::string completion, pages;
  bool markdown = false, manual = false;
};

const HelpTopic* topic_named(const std::string& name) {
  const auto found = std::find_if(help_topics().begin(), help_topics().end(),
                                  [&](const HelpTopic& topic) { return topic.name == name; });
  return found == help_topics().end() ? nullptr : &*found;
}

std::string contents() {
  std::size_t width = 0;
  for (const VerbEntry& entry : verbs()) width = std::max(width, verb_name(entry).size());
  for (const HelpTopic& topic : help_topics()) width = std::max(width, topic.name.size());
  std::string text = "brownout VERB ... does something; brownout help VERB lists its options:\n";
  for (const VerbEntry& entry : verbs()) {
    const bool is_group = entry.add == nullptr && std::string(entry.name) != "train";
    if (!is_group) text += fmt::format("  {:<{}}  {}\n", verb_name(entry), width, entry.help);
  }
  text += "\nbrownout help TOPIC explains, on a page:\n";
  for (const HelpTopic& topic : help_topics()) {
    text += fmt::format("  {:<{}}  {}\n", topic.name, width, title_of(topic));
  }
  return text + "\nStart with: brownout help start\n";
}

/// What an unknown topic may have been.
std::string topic_hint(const std::string& word, const CLI::App& app) {
  std::vector<std::string> names;
  for (const HelpTopic& topic : help_topics()) names.push_back(topic.name);
  const std::string near = nearest_name(word, names);
  std::vector<std::string> meant = verbs_meant(word, app);
  if (!near.empty()) meant.insert(meant.begin(), near);
  if (meant.empty()) return "; brownout help lists all";
  return fmt::format("; did you mean {}?", alternatives(meant));
}

/// What packages bring beside the program: a manual page for every verb, and completions.
void write_pages(const fs::path& folder, const Verb& app) {
  const auto write = [&](const fs::path& file, const std::string& text) {
    const fs::path place = fs::absolute(folder / file);
    std::error_code error;
    fs::create_directories(place.parent_path(), error);
    if (error) throw InputError("--pages: {}: {}", place.parent_path().string(), error.message());
    write_file_atomically(place, text);
  };
  write("man/brownout.1", manual_page(app));
  for (const CLI::App* verb : all_verbs(app)) {
    write(fs::path("man") / (page_name(*verb) + ".1"), manual_page_of(*verb));
  }
  const std::vector<CompletedVerb> verbs = completed_verbs(app);
  const auto train = std::find_if(verbs.begin(), verbs.end(),
                                  [](const CompletedVerb& verb) { return verb.name == "train"; });
  CompletedVerb trainer = *train;
  trainer.name.clear();  // a program without verbs
  for (const std::string& shell : completed_shells()) {
    write(shell + "/brownout", completion_script(shell, "brownout", verbs));
    write(shell + "/brownout-train", completion_script(shell, "brownout-train", {trainer}));
  }
}

/// Words that may follow `brownout help`.
std::vector<std::string> topics_and_verbs() {
  std::vector<std::string> words;
  for (const VerbEntry& entry : verbs()) {
    if (*entry.group == '\0') words.emplace_back(entry.name);
  }
  for (const HelpTopic& topic : help_topics()) words.push_back(topic.name);
  return words;
}

int run(const HelpOptions& options, Verb& app) {
  if (options.markdown) {
    print_text(command_page(app));
    return 0;
  }
  if (!options.completion.empty()) {
    print_text(completion_script(options.completion, "brownout", completed_verbs(app)));
    return 0;
  }
  if (!options.pages.empty()) {
    write_pages(options.pages, app);
    return 0;
  }
  const std::string name = fmt::format("{}", fmt::join(options.words, " "));
  if (options.manual) {
    Verb* verb = find_verb(app, name);
    if (verb == nullptr && !name.empty()) throw InputError("help: no verb {}", in_quotes(name));
    print_text(verb == nullptr ? manual_page(app) : manual_page_of(*verb));
    return 0;
  }
  if (name.empty()) {
    print_text(contents());
    return 0;
  }
  if (Verb* verb = find_verb(app, name)) {
    const std::size_t last = name.rfind(' ');
    print_text(
        verb->help(last == std::string::npos ? "brownout" : "brownout " + name.substr(0, last)));
    return 0;
  }
  const HelpTopic* topic = topic_named(name);
  if (topic == nullptr) {
    throw InputError("help: unknown topic {}{}", in_quotes(name),
                     topic_hint(options.words.back(), app));
  }
  print_text(topic->text);
  return 0;
}

}  // namespace

std::string title_of(const HelpTopic& topic) { return topic.text.substr(0, topic.text.find('\n')); }

std::vector<std::string> commands_of(const HelpTopic& topic) {
  static const std::string mark = "\n  $ ";
  std::vector<std::string> commands;
  for (std::size_t at = topic.text.find(mark); at != std::string::npos;
       at = topic.text.find(mark, at + 1)) {
    const std::size_t begin = at + mark.size();
    commands.push_back(topic.text.substr(begin, topic.text.find('\n', begin) - begin));
  }
  return commands;
}

Action add_help(Verb& verb) {
  const auto options = std::make_shared<HelpOptions>();
  verb.add_option("TOPIC", options->words, "A topic or a verb; none: the list of both")
      ->expected(0, 3)
      ->type_name("");
  verb.add_flag("--markdown", options->markdown, "Print docs/command.md")->group("");
  verb.add_flag("--man", options->manual, "Print the manual page of the program, or of a verb")
      ->group("");
  verb.add_option("--pages", options->pages, "Write all manual pages and completions")->group("");
  verb.add_option("--completion", options->completion,
                  "Print a script that completes the command in a shell")
      ->type_name("SHELL")
      ->transform(one_of(completed_shells()));
  verb.offers("TOPIC", {topics_and_verbs()});
  return [options, &verb] { return run(*options, static_cast<Verb&>(*verb.get_parent())); };
}

}  // namespace brownout::cli
