// SPDX-License-Identifier: Apache-2.0
// Every verb is a subsection with its usage, its options and an example.
#include "sim/cli/manual_page.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "sim/cli/application.hpp"
#include "sim/cli/declarations.hpp"
#include "sim/cli/help_topics.hpp"
#include "sim/cli/verb_guide.hpp"

namespace brownout::cli {

namespace {

/// Text of roff: no line of it is a request, and a hyphen is the character that was meant.
std::string roff(const std::string& text) {
  std::string out;
  for (const char c : text) {
    const bool begins_line = out.empty() || out.back() == '\n';
    if (begins_line && (c == '.' || c == '\'')) out += "\\&";
    if (c == '\\') {
      out += "\\e";
    } else if (c == '-') {
      out += "\\-";
    } else if (c != '`') {
      out += c;
    }
  }
  return out;
}

std::string option_entry(const CLI::Option& option) {
  const ValueName value = value_name(option);
  const Described words = described(option);
  std::string text = fmt::format(".TP\n\\fB{}\\fR", roff(option_name(option)));
  if (!value.name.empty()) text += fmt::format(" \\fI{}\\fR", roff(value.name));
  std::string details = value.range;
  if (!words.usual.empty()) {
    const char* said = words.usual == "required" ? "" : "default ";
    details += (details.empty() ? "" : "; ") + std::string(said) + words.usual;
  }
  text += "\n" + roff(words.meaning + (details.empty() ? "" : " (" + details + ")")) + "\n";
  return text;
}

std::string verb_section(const CLI::App& verb) {
  const Guide guide = guide_of(verb_name(verb));
  std::string text = fmt::format(".SS {}\n", roff(usage(verb)));
  text += roff(guide.sentence.empty() ? verb.get_description() + "." : guide.sentence) + "\n";
  if (verb_name(verb) != "train") {
    for (const CLI::Option* option : options_of(verb, Which::kOwn)) text += option_entry(*option);
  }
  if (!guide.example.empty()) {
    text += ".PP\nExample:\n.PP\n.nf\n" + roff(guide.example) + "\n.fi\n";
  }
  return text;
}

}  // namespace

std::string manual_page(const CLI::App& app) {
  std::string text =
      fmt::format(".TH BROWNOUT 1 \"\" \"brownout {}\" \"User commands\"\n", BROWNOUT_VERSION);
  text += ".SH NAME\nbrownout \\- DNN accelerators whose SRAM runs below Vmin\n";
  text +=
      ".SH SYNOPSIS\n\\fBbrownout\\fR \\fIVERB\\fR [\\fIoptions\\fR]\n.br\n"
      "\\fBbrownout help\\fR [\\fITOPIC\\fR]\n";
  text += ".SH DESCRIPTION\n" + roff(app.get_description()) + "\n";
  text += ".SH OPTIONS OF EVERY VERB\n";
  const std::vector<const CLI::App*> verbs = all_verbs(app);
  const auto eval = std::find_if(verbs.begin(), verbs.end(),
                                 [](const CLI::App* verb) { return verb_name(*verb) == "eval"; });
  for (const CLI::Option* option : options_of(**eval, Which::kShared))
    text += option_entry(*option);
  text += ".SH VERBS\n";
  for (const CLI::App* verb : verbs) {
    if (!is_group(*verb)) text += verb_section(*verb);
  }
  text += ".SH TOPICS\n";
  for (const HelpTopic& topic : help_topics()) {
    text +=
        fmt::format(".TP\n\\fBbrownout help {}\\fR\n{}\n", roff(topic.name), roff(title_of(topic)));
  }
  text +=
      ".SH EXIT STATUS\n.TP\n0\nDone.\n.TP\n1\nThe run failed, or \\fBcosim\\fR found a mismatch.\n"
      ".TP\n2\nThe input is wrong, or results cannot be written.\n";
  text += ".SH ENVIRONMENT\n.TP\n\\fBBROWNOUT_DATA\\fR\nFolder with a folder for each data set.\n";
  return text;
}

}  // namespace brownout::cli
