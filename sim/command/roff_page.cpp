// SPDX-License-Identifier: Apache-2.0
// Only requests of the man macros that man and mandoc both know without a warning.
#include "sim/command/roff_page.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "sim/command/declarations.hpp"

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

constexpr std::size_t kLine = 76;  // of a source; mandoc remarks on lines beyond 80

/// Text that is filled, in lines of a width that tools like.
std::string filled(const std::string& text) {
  std::string out, line;
  for (std::size_t begin = 0; begin <= text.size();) {
    const std::size_t end = std::min(text.find_first_of(" \n", begin), text.size());
    const std::string word = text.substr(begin, end - begin);
    begin = end + 1;
    if (word.empty()) continue;
    if (!line.empty() && line.size() + 1 + word.size() > kLine) {
      out += roff(line) + "\n";
      line.clear();
    }
    line += (line.empty() ? "" : " ") + word;
  }
  return out + roff(line) + "\n";
}

/// A command line as it is typed, continued in the next one where it is long.
std::string typed(const std::string& command) {
  std::string out, line;
  for (std::size_t begin = 0; begin < command.size();) {
    const std::size_t end = std::min(command.find(' ', begin), command.size());
    const std::string word = command.substr(begin, end - begin);
    begin = end + 1;
    if (!line.empty() && line.size() + word.size() > kLine - 10) {
      out += roff(line + " \\") + "\n";
      line = "   ";
    }
    line += (line.empty() ? "" : " ") + word;
  }
  return out + roff(line) + "\n";
}

std::string bold(const std::string& text) { return "\\fB" + roff(text) + "\\fR"; }

std::string section(const std::string& title, const std::string& text) {
  return text.empty() ? "" : fmt::format(".SH {}\n{}", title, text);
}

std::string option_entry(const CLI::Option& option) {
  const ValueName value = value_name(option);
  const Described words = described(option);
  std::string text = ".TP\n" + bold(option_name(option));
  if (!value.name.empty()) text += fmt::format(" \\fI{}\\fR", roff(value.name));
  std::string details = value.range;
  if (!words.usual.empty()) {
    const char* said = words.usual == "required" ? "" : "default ";
    details += (details.empty() ? "" : "; ") + std::string(said) + words.usual;
  }
  return text + "\n" + filled(words.meaning + (details.empty() ? "" : " (" + details + ")") + ".");
}

std::string option_entries(const std::vector<const CLI::Option*>& options) {
  std::string text;
  for (const CLI::Option* option : options) text += option_entry(*option);
  return text;
}

std::string entries(const ManualPage::Entries& list) {
  std::string text;
  for (const auto& [term, meaning] : list) {
    text += fmt::format(".TP\n{}\n{}", bold(term), filled(meaning));
  }
  return text;
}

/// Paragraphs have an empty line between them.
std::string paragraphs(const std::string& text) {
  std::string out;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find("\n\n", begin), text.size());
    out += (begin == 0 ? "" : ".PP\n") + filled(text.substr(begin, end - begin));
    begin = end + 2;
  }
  return out;
}

/// The words that are to be typed as they are stand in bold, those that stand for something not.
std::string synopsis(const std::vector<std::string>& lines) {
  std::string text;
  for (const std::string& line : lines) {
    std::size_t end = 0;  // of the words in small letters
    while (end < line.size() && !std::isupper(static_cast<unsigned char>(line[end])) &&
           line[end] != '[') {
      ++end;
    }
    while (end > 0 && line[end - 1] == ' ') --end;
    text +=
        (text.empty() ? "" : ".br\n") + bold(line.substr(0, end)) + roff(line.substr(end)) + "\n";
  }
  return text;
}

std::string examples(const std::vector<std::string>& commands) {
  std::string text;
  for (const std::string& command : commands) {
    text += fmt::format("{}.nf\n{}.fi\n", text.empty() ? "" : ".PP\n", typed(command));
  }
  return text;
}

std::string see_also(const ManualPage& page) {
  std::string names;
  for (const std::string& name : page.see_also) {
    names += (names.empty() ? "" : ",\n") + bold(name) + "(1)";
  }
  std::string text = names.empty() ? "" : names + "\n";
  if (!page.read_on.empty()) text += (text.empty() ? "" : ".PP\n") + filled(page.read_on);
  return text;
}

}  // namespace

std::string to_roff(const ManualPage& page) {
  std::string title = page.name;
  std::transform(title.begin(), title.end(), title.begin(),
                 [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  std::string text = fmt::format(".TH {} 1 \"{}\" \"brownout {}\" \"User commands\"\n", roff(title),
                                 BROWNOUT_RELEASED, BROWNOUT_VERSION);
  text += section("NAME", filled(page.name + " - " + page.brief));
  text += section("SYNOPSIS", synopsis(page.synopsis));
  text += section("DESCRIPTION", paragraphs(page.description));
  text += section("VERBS", entries(page.commands));
  text += section("OPTIONS", option_entries(page.options));
  text += section("OPTIONS OF EVERY VERB", option_entries(page.shared_options));
  text += section("TOPICS", entries(page.topics));
  text += section("FILES", entries(page.files));
  text += section("ENVIRONMENT", entries(page.environment));
  text += section("EXIT STATUS", entries(page.exit_codes));
  text += section("EXAMPLES", examples(page.examples));
  text += section("SEE ALSO", see_also(page));
  return text;
}

}  // namespace brownout::cli
