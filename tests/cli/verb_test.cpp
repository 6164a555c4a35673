// SPDX-License-Identifier: Apache-2.0
// Checks that stand where an option is declared: what is refused, in which words, and what help
// says about it.
#include "sim/command/verb.hpp"

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <vector>

#include "sim/cli/arguments.hpp"
#include "sim/cli/verbs.hpp"

namespace brownout::cli {
namespace {

class VerbTest : public testing::Test {
 protected:
  VerbTest() {
    verb_.add_option("--chips", chips_, "Random chips")
        ->type_name("N")
        ->transform(integer_in(1, 1000))
        ->default_str("10");
    verb_.add_option("--p-err", p_err_, "How often")
        ->type_name("P")
        ->transform(number_in(0.0, 1.0))
        ->capture_default_str();
    verb_.add_option("--engine", engine_, "What computes")
        ->type_name("NAME")
        ->transform(one_of({"functional", "float"}));
    verb_.add_option("--data", data_, "Folder")->type_name("DIR");
  }
  /// The message of what CLI11 refuses; "" when it accepts the words.
  std::string parse(std::vector<std::string> words) {
    try {
      verb_.parse(std::vector<std::string>(words.rbegin(), words.rend()));
    } catch (const CLI::ParseError& error) {
      const std::string broken = verb_.broken_rule();
      return broken.empty() ? error.what() : broken;
    }
    return "";
  }

  Verb verb_{"Help", "verb"};
  std::optional<std::int64_t> chips_;
  double p_err_ = 0.5;
  std::string engine_, data_;
};

TEST_F(VerbTest, NumbersAreThoseThatWereTyped) {
  EXPECT_EQ(parse({"--chips", "010", "--p-err", "+0.1"}), "");
  EXPECT_EQ(chips_, 10);  // plain decimal, not octal
  EXPECT_EQ(p_err_, 0.1);
  for (const char* text : {"0.3", "1e-3", "0.1234567890123456789", "0.7"}) {
    EXPECT_EQ(parse({"--p-err", text}), "");
    EXPECT_EQ(p_err_, std::stod(text)) << text;
  }
}

TEST_F(VerbTest, RefusalsNameOptionExpectedAndFound) {
  EXPECT_EQ(parse({"--chips", "0"}), "--chips: expected an integer in [1, 1000], got \"0\"");
  EXPECT_EQ(parse({"--chips", "0x5"}), "--chips: expected an integer in [1, 1000], got \"0x5\"");
  EXPECT_EQ(parse({"--p-err", "nan"}), "--p-err: expected a number in [0, 1], got \"nan\"");
  EXPECT_EQ(parse({"--engine", "flaot"}),
            "--engine: expected one of functional, float, got \"flaot\"; did you mean \"float\"?");
}

TEST_F(VerbTest, RulesRefuseInTheirOwnWords) {
  verb_.excludes("--chips", {"--engine", "--data"}, "--chips: expected no {}");
  verb_.needs("--p-err", "--data", "--p-err: expected {} DIR");
  EXPECT_EQ(parse({"--chips", "1"}), "");
  EXPECT_EQ(parse({"--chips", "1", "--data", "x"}), "--chips: expected no --data");
  EXPECT_EQ(parse({"--data", "x", "--engine", "float", "--chips", "1"}),
            "--chips: expected no --engine");
  EXPECT_EQ(parse({"--p-err", "1"}), "--p-err: expected --data DIR");
  EXPECT_EQ(parse({"--p-err", "1", "--data", "x"}), "");
}

TEST_F(VerbTest, HelpShowsRangeAndDefault) {
  const std::string help = verb_.help();
  for (const char* text : {"--chips N ", "Random chips (1 to 1000; default 10)",
                           "How often (0 to 1; default 0.5)", "(functional, float)"}) {
    EXPECT_NE(help.find(text), std::string::npos) << help;
  }
}

TEST_F(VerbTest, FieldsAreCalledAsTheOptions) {
  const FieldNames names = verb_.field_names();
  EXPECT_EQ(names.at("p_err"), "--p-err");
  EXPECT_EQ(names.at("chips"), "--chips");
  EXPECT_EQ(names.at("data_folder"), "--data");
  EXPECT_EQ(names.count("batch"), 0u);
}

TEST(Verbs, AreDeclaredWithoutContradictions) {
  for (const VerbEntry& entry : verbs()) {
    if (entry.add == nullptr) continue;
    Verb verb(entry.help, entry.name);
    EXPECT_NO_THROW(entry.add(verb)) << entry.name;
    for (const CLI::Option* option : verb.get_options()) {
      EXPECT_FALSE(option->get_description().empty()) << entry.name << " " << option->get_name();
    }
  }
}

}  // namespace
}  // namespace brownout::cli
