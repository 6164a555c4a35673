// SPDX-License-Identifier: Apache-2.0
// Topics of `brownout help`, docs/command.md, and what is said of misspelt words.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <sstream>
#include <string>
#include <vector>

#include "sim/base/files.hpp"
#include "sim/base/shipped.hpp"
#include "sim/cli/application.hpp"
#include "sim/cli/command_page.hpp"
#include "sim/cli/help_topics.hpp"
#include "sim/cli/manual_pages.hpp"
#include "sim/cli/refusals.hpp"
#include "sim/cli/verb_guide.hpp"
#include "sim/command/completion.hpp"
#include "sim/command/declarations.hpp"
#include "tests/cli/shell_words.hpp"

namespace brownout::cli {
namespace {

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

/// The words after "brownout" of a command line.
std::vector<std::string> arguments_of(const std::string& command) {
  std::vector<std::string> words = shell_words(command);
  EXPECT_EQ(words.front(), "brownout") << command;
  words.erase(words.begin());
  return words;
}

TEST(HelpTopics, AcceleratorsNamesEveryShippedDramPreset) {
  const auto topic = std::find_if(help_topics().begin(), help_topics().end(),
                                  [](const HelpTopic& one) { return one.name == "accelerators"; });
  ASSERT_NE(topic, help_topics().end());
  ASSERT_EQ(shipped_files(kShippedDrams).size(), 4u);
  for (const std::filesystem::path& file : shipped_files(kShippedDrams)) {
    EXPECT_NE(std::string(topic->text).find(file.stem().string()), std::string::npos) << file;
  }
}

TEST(HelpTopics, AreShortPagesWithACommandThatParses) {
  ASSERT_GE(help_topics().size(), 12u);
  for (const HelpTopic& topic : help_topics()) {
    const std::vector<std::string> lines = lines_of(topic.text);
    EXPECT_LE(lines.size(), 40u) << topic.name;
    EXPECT_FALSE(lines.front().empty()) << topic.name;
    EXPECT_EQ(lines[1], "") << topic.name;
    EXPECT_FALSE(commands_of(topic).empty()) << topic.name;
    for (const std::string& command : commands_of(topic)) {
      EXPECT_EQ(problem_of_command(arguments_of(command)), "") << topic.name << ": " << command;
    }
  }
}

TEST(HelpTopics, ReadOnInPagesThatExist) {
  for (const HelpTopic& topic : help_topics()) {
    const std::string last = lines_of(topic.text).back();
    ASSERT_EQ(last.rfind("Read on: ", 0), 0u) << topic.name;
    std::istringstream words(last.substr(std::string("Read on: ").size()));
    int pages = 0;
    for (std::string word; words >> word;) {
      if (word.find(".md") == std::string::npos) continue;
      word = word.substr(0, word.find(".md") + 3);
      EXPECT_TRUE(std::filesystem::exists(BROWNOUT_SOURCE_DIR "/" + word)) << word;
      ++pages;
    }
    EXPECT_GE(pages, 1) << topic.name;
  }
}

TEST(HelpTopics, AreNotNamedLikeVerbs) {
  Application application;
  for (const HelpTopic& topic : help_topics()) {
    EXPECT_EQ(find_verb(application.app, topic.name), nullptr) << topic.name;
  }
}

TEST(VerbGuide, HasAnExampleThatParsesForEveryVerb) {
  for (const VerbEntry& entry : verbs()) {
    const Guide guide = guide_of(verb_name(entry));
    const bool is_group = entry.add == nullptr && std::string(entry.name) != "train";
    EXPECT_FALSE(guide.sentence.empty()) << verb_name(entry);
    EXPECT_EQ(guide.example.empty(), is_group) << verb_name(entry);
    if (is_group) continue;
    const std::string start = "brownout " + verb_name(entry) + " ";
    EXPECT_EQ((guide.example + " ").rfind(start, 0), 0u) << guide.example;
    EXPECT_EQ(problem_of_command(arguments_of(guide.example)), "") << guide.example;
  }
}

TEST(CommandPage, IsWhatTheVerbsDeclare) {
  Application application;
  const std::string page = command_page(application.app);
  EXPECT_TRUE(page == read_file(BROWNOUT_SOURCE_DIR "/docs/command.md"))
      << "docs/command.md is older than the declarations; make it again:\n"
      << "  build/release/brownout help --markdown > docs/command.md";
}

TEST(CommandPage, ListsEveryOptionOnce) {
  Application application;
  const std::string page = command_page(application.app);
  const std::size_t begin = page.find("\n## eval\n");
  const std::string eval = page.substr(begin, page.find("\n## ", begin + 1) - begin);
  for (const CLI::Option* option : find_verb(application.app, "eval")->get_options()) {
    if (option->get_positional()) continue;
    const std::string name = "--" + option->get_lnames().front();
    const bool shared = name == "--help" || name == "--json" || name == "--threads" ||
                        name == "--overwrite" || name == "--quiet";
    const std::size_t first = eval.find("\n| `" + name + "` |");
    EXPECT_EQ(first == std::string::npos, shared) << name;
    if (shared) continue;
    EXPECT_EQ(eval.find("\n| `" + name + "` |", first + 1), std::string::npos) << name;
  }
  EXPECT_NE(
      eval.find("| `--engine` | `NAME`: functional, float, reference, systemc | functional |"),
      std::string::npos);
  EXPECT_NE(eval.find("| `MODEL` |  | required |"), std::string::npos);
}

/// The name of an option as roff has it.
std::string roff_name(const CLI::Option& option) {
  std::string name = option_name(option);
  for (std::size_t at = 0; (at = name.find('-', at)) != std::string::npos; at += 2) {
    name.insert(at, "\\");
  }
  return ".TP\n\\fB" + name + "\\fR";
}

void expect_known_requests(const std::string& page) {
  const std::vector<std::string> known{".TH", ".SH", ".TP", ".PP", ".br", ".nf", ".fi"};
  for (const std::string& line : lines_of(page)) {
    EXPECT_LE(line.size(), 90u) << line;  // escapes count here, and not in what mandoc remarks on
    EXPECT_NE(line.substr(0, 1), "'") << line;
    if (line.substr(0, 1) != ".") continue;
    const std::string request = line.substr(0, line.find(' '));
    EXPECT_NE(std::find(known.begin(), known.end(), request), known.end()) << line;
  }
}

TEST(ManualPage, OfEveryVerbHasItsOptionsAndNoLineThatRoffWouldObey) {
  Application application;
  for (const CLI::App* verb : all_verbs(application.app)) {
    const std::string page = manual_page_of(*verb);
    expect_known_requests(page);
    for (const char* section : {"NAME", "SYNOPSIS", "DESCRIPTION", "SEE ALSO"}) {
      EXPECT_NE(page.find(std::string(".SH ") + section + "\n"), std::string::npos)
          << page_name(*verb) << ": " << section;
    }
    if (is_group(*verb)) continue;
    for (const Which which : {Which::kOwn, Which::kShared}) {
      for (const CLI::Option* option : options_of(*verb, which)) {
        EXPECT_NE(page.find(roff_name(*option)), std::string::npos) << option_name(*option);
      }
    }
    EXPECT_NE(page.find(".SH EXAMPLES\n"), std::string::npos) << page_name(*verb);
  }
}

TEST(ManualPage, OfTheProgramNamesEveryVerbAndTopic) {
  Application application;
  const std::string page = manual_page(application.app);
  expect_known_requests(page);
  for (const CLI::App* verb : all_verbs(application.app)) {
    if (!is_group(*verb)) {
      EXPECT_NE(page.find("\\fB" + full_name(*verb) + "\\fR\n"), std::string::npos);
    }
  }
  for (const HelpTopic& topic : help_topics()) {
    std::string name = topic.name;
    if (const std::size_t at = name.find('-'); at != std::string::npos) name.insert(at, "\\");
    EXPECT_NE(page.find("\\fBbrownout help " + name + "\\fR\n"), std::string::npos) << name;
  }
}

/// What bash would offer after the words, of which the last is being typed.
std::vector<std::string> completions(const std::vector<std::string>& words) {
  Application application;
  const std::string file = testing::TempDir() + "brownout-completion.bash";
  std::string script = completion_script("bash", "brownout", completed_verbs(application.app)) +
                       "COMP_WORDS=(brownout";
  for (const std::string& word : words) script += " '" + word + "'";
  script += ")\nCOMP_CWORD=" + std::to_string(words.size()) +
            "\n_brownout\nprintf '%s\\n' \"${COMPREPLY[@]}\"\n";
  write_file_atomically(file, script);
  std::vector<std::string> found = shell_words("$(bash " + file + ")");
  std::filesystem::remove(file);
  return found;
}

TEST(ShellCompletion, OffersVerbsOptionsTopicsValuesAndShippedFiles) {
  using Words = std::vector<std::string>;
  const auto has = [](const Words& words, const std::string& word) {
    return std::count(words.begin(), words.end(), word) == 1;
  };
  EXPECT_EQ(completions({"ev"}), Words{"eval"});
  EXPECT_TRUE(has(completions({""}), "sweep"));
  EXPECT_EQ(completions({"model", "i"}), (Words{"import", "inspect"}));
  EXPECT_EQ(completions({"eval", "--off"}), Words{"--offsets"});
  EXPECT_EQ(completions({"model", "import", "x.onnx", "--eq"}), Words{"--equalize"});
  EXPECT_EQ(completions({"eval", "x.onnx", "--engine", "f"}), (Words{"functional", "float"}));
  EXPECT_EQ(completions({"eval", "x.onnx", "--engine", "=", "f"}), (Words{"functional", "float"}));
  EXPECT_TRUE(has(completions({"help", ""}), "voltages"));
  EXPECT_TRUE(has(completions({"eval", "--"}), "--quiet"));
  EXPECT_EQ(completions({"train", "x.yaml", "--device", "c"}), (Words{"cpu", "cuda"}));
  // A flag takes no value, so that a positional follows.
  EXPECT_EQ(completions({"profile", "import", "--quiet", "st"}), Words{"stuck-at"});
  // Names of shipped files.
  EXPECT_EQ(completions({"eval", "fmnist-vgg3-m"}), Words{"fmnist-vgg3-mcel-4b"});
  EXPECT_EQ(completions({"eval", "x.onnx", "--accelerator", "ed"}), Words{"edge-16x16"});
  EXPECT_EQ(completions({"sweep", "dem"}), Words{"demo"});
  EXPECT_EQ(completions({"eval", "x.onnx", "--chip", "chip2"}), Words{"chip2-synthetic"});
  EXPECT_EQ(completions({"eval", "x.onnx", "--chip", "r"}), Words{"random:"});
  // Nothing is known of a number.
  EXPECT_EQ(completions({"eval", "x.onnx", "--images", ""}), Words{""});
}

TEST(Refusals, NameTheVerbsThatMayHaveBeenMeant) {
  const auto problem = [](const std::vector<std::string>& words) {
    return problem_of_command(words);
  };
  EXPECT_EQ(problem({"inspect", "x.onnx"}),
            "unknown verb \"inspect\"; did you mean \"technology inspect\", \"model inspect\" or "
            "\"profile inspect\"?; see "
            "brownout --help");
  EXPECT_NE(problem({"generate", "x.yaml"}).find("did you mean \"profile generate\"?"),
            std::string::npos);
  EXPECT_NE(problem({"import", "x"}).find("\"model import\""), std::string::npos);
  EXPECT_NE(problem({"import", "x"}).find("\"profile import\""), std::string::npos);
  EXPECT_NE(problem({"list"}).find("did you mean"), std::string::npos);
  EXPECT_EQ(problem({"evall", "x"}),
            "unknown verb \"evall\"; did you mean \"eval\"?; see brownout --help");
  EXPECT_NE(problem({"inspct", "x"}).find("\"model inspect\" or \"profile inspect\""),
            std::string::npos);
  EXPECT_NE(problem({"profile", "inspct", "x"}).find("did you mean \"profile inspect\"?"),
            std::string::npos);
  EXPECT_NE(problem({"model", "fit", "x"}).find("did you mean \"profile fit\"?"),
            std::string::npos);
  EXPECT_NE(problem({"simulate", "x"}).find("did you mean \"run\"?"), std::string::npos);
  EXPECT_EQ(problem({"xyzzyxyzzy"}), "unknown verb \"xyzzyxyzzy\"; see brownout --help");
}

TEST(Refusals, NameTheOptionsThatMayHaveBeenMeant) {
  EXPECT_EQ(problem_of_command({"eval", "x.onnx", "--voltge", "0.8"}),
            "unknown option \"--voltge\"; did you mean \"--voltage\"?; see brownout eval --help");
  EXPECT_EQ(
      problem_of_command({"eval", "x.onnx", "--trace-window=1:2"}),
      "unknown option \"--trace-window=1:2\"; it is an option of \"cosim\"; see brownout eval "
      "--help");
}

TEST(Refusals, AreTheSameWhetherOrNotAVerbWouldRun) {
  EXPECT_EQ(problem_of_command({"eval", "x.onnx", "--rate", "0.1", "--voltage", "0.8"}),
            "--rate and --voltage: expected one of them, got both");
  EXPECT_EQ(problem_of_command({"eval", "x.onnx", "--rate", "2"}),
            "--rate: expected a number in [0, 1], got \"2\"");
  EXPECT_EQ(problem_of_command({"eval", "x.onnx", "--rate", "0.1"}), "");
  EXPECT_EQ(problem_of_command({"train"}), "CONFIG is required; see brownout train --help");
  EXPECT_EQ(problem_of_command({"train", "x.yaml", "--epochs", "3"}), "");
}

}  // namespace
}  // namespace brownout::cli
