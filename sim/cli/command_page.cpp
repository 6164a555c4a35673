// SPDX-License-Identifier: Apache-2.0
// Markdown. Options that all verbs have stand in one table at the top.
#include "sim/cli/command_page.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "sim/cli/application.hpp"
#include "sim/cli/verb_guide.hpp"

namespace brownout::cli {

namespace {

constexpr char kHead[] =
    R"(<!-- Made by `brownout help --markdown > docs/command.md`. Change the declarations in sim/cli. -->
# The command

The command is `brownout VERB [options]`. `brownout VERB --help` and `brownout help VERB` print what this page says of a verb, and
`brownout help` lists short pages on topics such as voltages, chips and energy. [conventions.md](conventions.md) says what holds for
all verbs: units, exit codes, files. [options.md](options.md) says more on some options, and [output.md](output.md) lists the fields and
files of results. The [glossary](glossary.md) explains words like *place*, *run*, *walk* or *rail*.

)";

/// Options that every verb which writes a result has.
const std::set<std::string>& shared_options() {
  static const std::set<std::string> names{"--help", "--json", "--threads", "--overwrite",
                                           "--quiet"};
  return names;
}

/// A text in a cell of a table.
std::string cell(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (c == '|' || c == '*' || c == '<') out += '\\';
    out += c;
  }
  return out;
}

std::string code(const std::string& text) { return text.empty() ? "" : fmt::format("`{}`", text); }

/// "`N`, 1 to 256": the name of the value, and what it may be.
std::string value_of(const CLI::Option& option) {
  const ValueName value = value_name(option);
  if (value.range.empty()) return code(value.name);
  return value.name.empty() ? cell(value.range) : code(value.name) + ": " + cell(value.range);
}

std::string name_of(const CLI::Option& option) {
  return option.get_positional() ? option.get_name(/*positional=*/true)
                                 : "--" + option.get_lnames().front();
}

struct Described {
  std::string meaning, usual;
};

/// A description may say the default itself: "Array shown (default 0)".
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

std::string options_table(const std::vector<const CLI::Option*>& options) {
  if (options.empty()) return "";
  std::string text = "| option | value | default | meaning |\n|---|---|---|---|\n";
  for (const CLI::Option* option : options) {
    const Described words = described(*option);
    text += fmt::format("| `{}` | {} | {} | {} |\n", name_of(*option), value_of(*option),
                        cell(words.usual), cell(words.meaning));
  }
  return text + "\n";
}

/// Those of a verb that are not hidden, positionals first.
std::vector<const CLI::Option*> options_of(const CLI::App& verb, bool shared) {
  std::vector<const CLI::Option*> options;
  for (const bool positional : {true, false}) {
    for (const CLI::Option* option : verb.get_options()) {
      if (option->get_group().empty() || option->get_positional() != positional) continue;
      const bool is_shared = shared_options().count(name_of(*option)) > 0;
      if (is_shared == shared) options.push_back(option);
    }
  }
  return options;
}

/// "brownout eval MODEL [options]"; options that must be given stand there with their values.
std::string usage(const CLI::App& verb) {
  std::string text = full_name(verb);
  for (const CLI::Option* option : options_of(verb, /*shared=*/false)) {
    const bool many = option->get_expected_max() > 1;
    if (option->get_positional()) {
      const std::string name = name_of(*option) + (many ? "..." : "");
      text += option->get_required() ? " " + name : " [" + name + "]";
    } else if (option->get_required()) {
      text += fmt::format(" {} {}", name_of(*option), value_name(*option).name);
    }
  }
  return text + " [options]";
}

std::string anchor(const std::string& name) {
  std::string text = name;
  std::replace(text.begin(), text.end(), ' ', '-');
  return text;
}

std::string section(const CLI::App& verb) {
  const std::string name = verb_name(verb);
  const Guide guide = guide_of(name);
  const bool is_group = !verb.get_subcommands([](const CLI::App*) { return true; }).empty();
  std::string text = fmt::format("## {}\n\n", name);
  text += (guide.sentence.empty() ? verb.get_description() + "." : guide.sentence) + "\n\n";
  if (is_group) {
    for (const CLI::App* inner : verb.get_subcommands([](const CLI::App*) { return true; })) {
      text += fmt::format("- [`{}`](#{})\n", full_name(*inner), anchor(verb_name(*inner)));
    }
    return text + "\n";
  }
  text += "```\n" + (name == "train" ? "brownout train CONFIG [options]" : usage(verb)) + "\n";
  if (!guide.example.empty()) text += guide.example + "\n";
  text += "```\n\n";
  if (name != "train") text += options_table(options_of(verb, /*shared=*/false));
  if (guide.read_on.empty()) return text;
  text += "Read on: ";
  for (std::size_t i = 0; i < guide.read_on.size(); ++i) {
    text += fmt::format("{}[{}]({})", i == 0 ? "" : "; ", guide.read_on[i].text,
                        guide.read_on[i].target);
  }
  return text + ".\n\n";
}

/// A verb and, after it, the verbs of its group.
void list_verbs(const CLI::App& app, std::vector<const CLI::App*>& found) {
  for (const CLI::App* verb : app.get_subcommands([](const CLI::App*) { return true; })) {
    found.push_back(verb);
    list_verbs(*verb, found);
  }
}

}  // namespace

std::string command_page(const CLI::App& app) {
  std::vector<const CLI::App*> all;
  list_verbs(app, all);
  std::string text = kHead;
  text += "| verb | what it does |\n|---|---|\n";
  for (const CLI::App* verb : all) {
    text += fmt::format("| [`{}`](#{}) | {} |\n", verb_name(*verb), anchor(verb_name(*verb)),
                        cell(verb->get_description()));
  }
  text += "\n## Options of every verb\n\n";
  text += "Every verb but `train` and `help` takes these.\n\n";
  for (const CLI::App* verb : all) {
    if (verb_name(*verb) != "eval") continue;
    text += options_table(options_of(*verb, /*shared=*/true));
  }
  text +=
      "`brownout --version` prints the version. Progress goes to stderr, as a bar on a terminal "
      "and as "
      "plain lines otherwise.\n\n";
  for (const CLI::App* verb : all) text += section(*verb);
  text.pop_back();
  return text;
}

}  // namespace brownout::cli
