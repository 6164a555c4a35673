// SPDX-License-Identifier: Apache-2.0
// Markdown. Options that all verbs have stand in one table at the top.
#include "sim/cli/command_page.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "sim/cli/application.hpp"
#include "sim/cli/verb_guide.hpp"
#include "sim/command/declarations.hpp"

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

std::string options_table(const std::vector<const CLI::Option*>& options) {
  if (options.empty()) return "";
  std::string text = "| option | value | default | meaning |\n|---|---|---|---|\n";
  for (const CLI::Option* option : options) {
    const Described words = described(*option);
    text += fmt::format("| `{}` | {} | {} | {} |\n", option_name(*option), value_of(*option),
                        cell(words.usual), cell(words.meaning));
  }
  return text + "\n";
}

std::string anchor(const std::string& name) {
  std::string text = name;
  std::replace(text.begin(), text.end(), ' ', '-');
  return text;
}

std::string section(const CLI::App& verb) {
  const std::string name = verb_name(verb);
  const Guide guide = guide_of(name);
  std::string text = fmt::format("## {}\n\n", name);
  text += (guide.sentence.empty() ? verb.get_description() + "." : guide.sentence) + "\n\n";
  if (is_group(verb)) {
    for (const CLI::App* inner : verb.get_subcommands([](const CLI::App*) { return true; })) {
      text += fmt::format("- [`{}`](#{})\n", full_name(*inner), anchor(verb_name(*inner)));
    }
    return text + "\n";
  }
  text += "```\n" + usage(verb) + "\n";
  if (!guide.example.empty()) text += guide.example + "\n";
  text += "```\n\n";
  text += options_table(options_of(verb, Which::kOwn));
  if (guide.read_on.empty()) return text;
  text += "Read on: ";
  for (std::size_t i = 0; i < guide.read_on.size(); ++i) {
    text += fmt::format("{}[{}]({})", i == 0 ? "" : "; ", guide.read_on[i].text,
                        guide.read_on[i].target);
  }
  return text + ".\n\n";
}

}  // namespace

std::string command_page(const CLI::App& app) {
  const std::vector<const CLI::App*> all = all_verbs(app);
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
    text += options_table(options_of(*verb, Which::kShared));
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
