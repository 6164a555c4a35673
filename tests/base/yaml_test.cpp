// SPDX-License-Identifier: Apache-2.0
// Strict YAML: every kind of wrong input has one message with file, line, column and key.
#include "sim/base/yaml.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <random>

#include "sim/base/error.hpp"

namespace brownout {
namespace {

YamlMap parse(const std::string& text) { return YamlMap::parse(text, "dir/test.yaml"); }

std::string message_of(const std::function<void()>& call) {
  try {
    call();
  } catch (const InputError& error) {
    EXPECT_EQ(error.exit_code(), 2);
    return error.what();
  }
  return "no error";
}

TEST(Yaml, NamesHaveNoControlCharacters) {
  YamlMap map = parse("a: edge 16×16\nb: \"ed\\x1b[2Jge\"\nc: \"two\\nlines\"\n");
  EXPECT_EQ(map.name("a"), "edge 16×16");
  EXPECT_EQ(message_of([&] { map.name("b"); }),
            "dir/test.yaml:2:4: b: expected a name without control characters, got "
            "\"ed\\x1b[2Jge\"");
  EXPECT_NE(message_of([&] { map.name("c"); }).find("got \"two\\nlines\""), std::string::npos);
  EXPECT_NE(message_of([&] { map.name("d"); }).find("d"), std::string::npos);
}

TEST(Yaml, ReadsEveryKindOfValue) {
  YamlMap map = parse(
      "name: edge\ncount: 12\nrate: 2.5e-3\non: true\nkind: b\nfile: ../x.yaml\n"
      "list: [1, 2.5]\nwords: [a, b]\nsub: {rows: 4}\nmany:\n  - {rows: 1}\n  - {rows: 2}\n");
  EXPECT_EQ(map.text("name"), "edge");
  EXPECT_EQ(map.integer("count", 1, 64), 12);
  EXPECT_EQ(map.number("rate", 0, 1), 2.5e-3);
  EXPECT_TRUE(map.boolean("on"));
  EXPECT_EQ(map.choice("kind", {"a", "b"}), 1);
  EXPECT_EQ(map.path("file").filename(), "x.yaml");
  EXPECT_EQ(map.path("file"), (std::filesystem::current_path() / "x.yaml"));
  EXPECT_EQ(map.numbers("list", 0, 3), (std::vector<double>{1, 2.5}));
  EXPECT_EQ(map.texts("words"), (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(map.map("sub").integer("rows", 1, 9), 4);
  std::vector<YamlMap> many = map.maps("many");
  ASSERT_EQ(many.size(), 2u);
  EXPECT_EQ(many[1].integer("rows", 1, 9), 2);
  map.finish();
}

TEST(Yaml, AKeyMayHoldATextOrAMap) {
  const YamlMap map = parse("text: a\nmap: {a: 1}\nlist: [1]\n");
  EXPECT_FALSE(map.holds_map("text"));
  EXPECT_TRUE(map.holds_map("map"));
  EXPECT_FALSE(map.holds_map("list"));
  EXPECT_FALSE(map.holds_map("absent"));
}

TEST(Yaml, AbsentOptionalKeysTakeTheirFallback) {
  YamlMap map = parse("a: 1\n");
  EXPECT_EQ(map.integer("b", 0, 9, 7), 7);
  EXPECT_EQ(map.text("c", "x"), "x");
  EXPECT_FALSE(map.optional_map("d").has_value());
  EXPECT_TRUE(map.numbers("e", 0, 1, false).empty());
}

TEST(Yaml, AnOptionalKeyWithAWrongValueIsStillAnError) {
  YamlMap map = parse("b: many\n");
  EXPECT_EQ(message_of([&] { map.integer("b", 0, 9, 7); }),
            "dir/test.yaml:1:4: b: expected an integer in [0, 9], got \"many\"");
}

TEST(Yaml, UnknownKeysNameTheNearestKnownOne) {
  YamlMap map = parse("memory:\n  bnaks: 4\n");
  YamlMap memory = map.map("memory");
  memory.integer("banks", 1, 64, 1);
  EXPECT_EQ(message_of([&] { memory.finish(); }),
            "dir/test.yaml:2:3: unknown key \"memory.bnaks\"; did you mean \"banks\"?");
}

TEST(Yaml, DuplicateKeysAreFoundAtAnyDepth) {
  EXPECT_EQ(message_of([] { parse("a:\n  - {x: 1, y: 2, x: 3}\n"); }),
            "dir/test.yaml:2:18: duplicate key \"x\"");
}

TEST(Yaml, MissingKeysNameTheMap) {
  YamlMap map = parse("array: {rows: 4}\n");
  EXPECT_EQ(message_of([&] { map.map("array").integer("columns", 1, 9); }),
            "dir/test.yaml:1:8: array.columns: missing");
}

TEST(Yaml, IntegersArePlainDecimalInRange) {
  for (const char* text : {"010", "0x10", "1e3", "1.0", "", "ten", "+5", "99999999999999999999",
                           "11", "-1", "'5'", "[5]", "{a: 5}", "~"}) {
    YamlMap map = parse(std::string("a: ") + text + "\n");
    EXPECT_THROW(map.integer("a", 0, 10), InputError) << text;
  }
  EXPECT_EQ(parse("a: 0\n").integer("a", 0, 10), 0);
  EXPECT_EQ(parse("a: -3\n").integer("a", -5, 10), -3);
}

TEST(Yaml, NumbersAreFiniteAndInRange) {
  for (const char* text : {".nan", ".inf", "-.inf", "nan", "inf", "1e999", "1.5x", "2", "-0.1", "",
                           "'0.5'", "[0.5]"}) {
    YamlMap map = parse(std::string("a: ") + text + "\n");
    EXPECT_THROW(map.number("a", 0, 1), InputError) << text;
  }
}

TEST(Yaml, BooleansAreTrueOrFalse) {
  for (const char* text : {"yes", "1", "True", "'true'", "[true]"}) {
    YamlMap map = parse(std::string("a: ") + text + "\n");
    EXPECT_THROW(map.boolean("a"), InputError) << text;
  }
}

TEST(Yaml, ChoicesListTheKnownNames) {
  YamlMap map = parse("a: c\n");
  EXPECT_EQ(message_of([&] {
              map.choice("a", {"x", "y"});
            }),
            "dir/test.yaml:1:4: a: expected one of x, y, got \"c\"");
}

TEST(Yaml, RequiredListsMayNotBeEmpty) {
  EXPECT_THROW(parse("a: []\n").numbers("a", 0, 1), InputError);
  EXPECT_TRUE(parse("a: []\n").numbers("a", 0, 1, false).empty());
  YamlMap map = parse("a: [0.5, 7]\n");
  EXPECT_EQ(message_of([&] { map.numbers("a", 0, 1); }),
            "dir/test.yaml:1:10: a[1]: expected a number in [0, 1], got \"7\"");
}

TEST(Yaml, TextThatIsNotOneMapIsAnError) {
  for (const char* text : {"", "- 1\n- 2\n", "word", "a: 1\n---\nb: 2\n", "a: [1, 2", "a: {b: 1",
                           "\t\ta: 1", "{[1]: 2}", "a: *b"}) {
    EXPECT_NE(message_of([&] { parse(text); }), "no error") << text;
    EXPECT_EQ(message_of([&] { parse(text); }).rfind("dir/test.yaml", 0), 0u) << text;
  }
}

TEST(Yaml, AnEmptyValueIsReportedInItsOwnLine) {
  YamlMap map = parse("a: 1\nchips:\n\nb: 2\n");
  EXPECT_EQ(message_of([&] { map.integer("chips", 1, 9); }),
            "dir/test.yaml:2:1: chips: expected a value, got nothing");
}

TEST(Yaml, AMisspeltKeyIsNamedBeforeTheOneThatIsMissing) {
  YamlMap map = parse("a: 1\nimagse: 2\n");
  EXPECT_EQ(
      message_of([&] { map.integer("images", 1, 9); }),
      "dir/test.yaml:2:1: unknown key \"imagse\"; did you mean \"images\", which is missing?");
  EXPECT_EQ(message_of([&] { map.integer("technology", 1, 9); }),
            "dir/test.yaml:1:1: technology: missing");
}

TEST(Yaml, QuotedNumbersAndEmptyListsAreCalledWhatTheyAre) {
  EXPECT_EQ(
      message_of([] { parse("a: \"5\"\n").integer("a", 0, 9); }),
      "dir/test.yaml:1:4: a: expected an integer in [0, 9], got the text \"5\"; leave out the "
      "quotation marks");
  EXPECT_EQ(message_of([] { parse("a: []\n").texts("a"); }),
            "dir/test.yaml:1:4: a: expected a list with at least one entry, got an empty list");
}

TEST(Yaml, APlusInFrontOfANumberIsFine) {
  EXPECT_EQ(parse("a: +0.8\n").number("a", 0, 1), 0.8);
  for (const char* text : {"+", "+-0.8", "++0.8"}) {
    EXPECT_THROW(parse(std::string("a: ") + text).number("a", -1, 1), InputError) << text;
  }
}

TEST(Yaml, FilesToReadMustBeThere) {
  const std::string message = message_of([] { parse("a: 1\nb: none/x.onnx\n").input_file("b"); });
  EXPECT_EQ(message.rfind("dir/test.yaml:2:4: b: /", 0), 0u) << message;
  EXPECT_NE(message.find("dir/none/x.onnx: cannot open: No such file"), std::string::npos);
  EXPECT_NE(message_of([] {
              parse("b: [/dev/null, /]\n").input_files("b");
            }).find("test.yaml:1:16: b[1]: /: expected a file, found a folder"),
            std::string::npos);
}

TEST(Yaml, AliasesDoNotMakeAShortTextHuge) {
  std::string bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 12; ++i) {
    bomb += fmt::format("a{0}: &a{0} [*a{1}, *a{1}, *a{1}, *a{1}, *a{1}, *a{1}, *a{1}, *a{1}]\n", i,
                        i - 1);
  }
  EXPECT_NE(message_of([&] { parse(bomb); }).find("aliases counted each time"), std::string::npos);
  EXPECT_NE(message_of([] { parse("a: &a [*a, *a]\n"); }), "no error");
  EXPECT_EQ(message_of([] { parse("a: &a [1, 2]\nb: *a\n"); }), "no error");
}

TEST(Yaml, ABinaryFileIsNamedAsOne) {
  const auto of = [](const std::string& bytes) { return message_of([&] { parse(bytes); }); };
  EXPECT_EQ(of(std::string("a: 1\0b: 2\n", 10)),
            "dir/test.yaml: expected YAML text, found binary data");
  EXPECT_EQ(of("\x08\x08\x12\x08onnx"),
            "dir/test.yaml: expected YAML text, found binary data, maybe a network (ONNX)");
  EXPECT_EQ(of("a: \"\xc2\xb5J, \xe2\x82\xac\"\r\n"), "no error");
}

TEST(Yaml, TextInUtf16IsNamedAsSuch) {
  for (const std::string& mark :
       {std::string(), std::string("\xff\xfe"), std::string("\xfe\xff")}) {
    for (const bool little : {true, false}) {
      std::string wide = mark;
      for (const char c : std::string("title: 5 \xb5m\nrows: 2\n")) {
        wide += little ? std::string{c, '\0'} : std::string{'\0', c};
      }
      EXPECT_EQ(message_of([&] { parse(wide); }),
                "dir/test.yaml: expected YAML text in UTF-8, found what looks like UTF-16 (every "
                "second byte is 0)");
    }
  }
}

TEST(Yaml, WhatYamlCppNeverComesBackFromIsRefused) {
  const auto of = [](const std::string& text) { return message_of([&] { parse(text); }); };
  EXPECT_EQ(of(","), "dir/test.yaml:1:1: not valid YAML: nothing that a document can begin with");
  EXPECT_EQ(of("a: 1\n---\n,"),
            "dir/test.yaml:3:1: not valid YAML: nothing that a document can begin with");
  for (const char* text :
       {"]", "}", ", a: 1", "a: 1\n---\n]", "--- ,", "...\n,", ",,,,", "?,", "? ,"}) {
    EXPECT_NE(of(text), "no error") << text;
  }
  EXPECT_NE(message_of([&] {
              YamlMap::parse("a: 1", "a.yaml", {"a=,"});
            }).find("a.yaml: set \"a=,\": the value: not valid YAML"),
            std::string::npos);
  std::string many;
  for (int i = 0; i < 2000; ++i) many += "---\n";
  EXPECT_NE(of(many).find("holds more than 1000 documents"), std::string::npos);
  std::string values = "a: [";
  for (int i = 0; i < 1'100'000; ++i) values += "1,";
  EXPECT_NE(of(values).find("holds more than 1000000 values"), std::string::npos);
  // Refused before yaml-cpp has read the line to its end.
  EXPECT_NE(of("a: 1\nb: " + std::string(1 << 20, '[')).find("more than 65536 opening brackets"),
            std::string::npos);
}

TEST(Yaml, TextIsUtf8) {
  EXPECT_EQ(message_of([] { parse("a: 1\nb: x\xff\n"); }),
            "dir/test.yaml:2:5: expected text in UTF-8, found the byte \"\\xff\"");
  EXPECT_EQ(message_of([] {
              parse(
                  "\xef\xbb\xbf"
                  "a: 1\n");
            }),
            "no error");
  EXPECT_NE(message_of([] { YamlMap::parse("a: 1", "a.yaml", {"a=\xff"}); }).find("UTF-8"),
            std::string::npos);
}

/// Every text is either read or refused. A text on which the reader never returns fails by the
/// test's own time limit.
TEST(Yaml, RandomTextsAreReadOrRefused) {
  const std::vector<std::string> tokens{
      ",",         "[",           "]",      "{",        "}",
      ":",         ": ",          "- ",     "-",        "? ",
      "?",         "!",           "!!str ", "!<x> ",    "&a ",
      "*a",        "*b",          "|",      ">",        "|2\n",
      "'",         "\"",          "\\",     "#",        " #",
      "%",         "%YAML 1.2\n", "@",      "`",        "\n",
      "\n ",       "\n  ",        "\t",     "---",      "---\n",
      "...",       "...\n",       "a",      "b: 1",     "a: ",
      "~",         "null",        "<<: ",   "1.5",      "\"\\u00e9\"",
      "\"\\x41\"", "\r",          "\r\n",   "\xc3\xa9", "\xef\xbb\xbf",
      "=",         "\f"};
  std::mt19937 random(20240229);
  for (int i = 0; i < 20'000; ++i) {
    std::string text;
    const std::size_t length = random() % 12 + 1;
    for (std::size_t k = 0; k < length; ++k) text += tokens[random() % tokens.size()];
    try {
      YamlMap map = parse(text);
      for (const std::string& key : map.keys()) map.has(key);
      map.canonical();
      map.dump();
    } catch (const InputError&) {
    } catch (const std::exception& error) {
      ADD_FAILURE() << error.what() << "\n" << text;
    }
  }
}

TEST(Yaml, UnknownKeysComeBeforeEverythingElse) {
  YamlMap map = parse("rates: [1]\nvoltages: nonsense\n");
  EXPECT_EQ(message_of([&] {
              map.expect({"chips", "seed", "voltages"});
            }),
            "dir/test.yaml:1:1: unknown key \"rates\"; known keys: chips, seed, voltages");
  YamlMap other = parse("a: 1\nb: 2\n");
  other.expect({"a", "b", "c"});
  EXPECT_EQ(other.integer("a", 0, 9), 1);
  EXPECT_EQ(message_of([&] { other.finish(); }),
            "dir/test.yaml:2:1: b: has no effect with the other keys here; those that have: a");
  EXPECT_THROW(other.integer("d", 0, 9, 1), std::logic_error);
}

TEST(Yaml, DeepNestingIsRefused) {
  for (const std::size_t depth : {100u, 1000u, 100000u}) {
    const std::string message = message_of([&] { parse("a: " + std::string(depth, '[')); });
    EXPECT_EQ(message.rfind("dir/test.yaml", 0), 0u) << message;
    EXPECT_LT(message.size(), 300u);
    const std::string closed = "a: " + std::string(depth, '[') + std::string(depth, ']');
    const std::string refused = message_of([&] { parse(closed); });
    const char* const reason = depth < 65536 ? "nested" : "more than 65536 opening brackets";
    EXPECT_NE(refused.find(reason), std::string::npos) << refused;
  }
}

/// The message of load for a document with assignments, or "".
std::string complaint_of(const std::string& text, const std::vector<std::string>& assignments) {
  try {
    YamlMap root = YamlMap::parse(text, "a.yaml", assignments);
    YamlMap schedule = root.map("schedule");
    schedule.integer("epochs", 1, 100);
    schedule.numbers("milestones", 0.0, 1.0, false);
    schedule.finish();
    if (std::optional<YamlMap> errors = root.optional_map("errors")) {
      errors->number("rate", 0.0, 1.0);
      errors->text("gate");
      errors->finish();
    }
    root.finish();
  } catch (const InputError& error) {
    return error.what();
  }
  return "";
}

TEST(YamlAssignments, ReplaceJoinAndTakeAway) {
  YamlMap root =
      YamlMap::parse("schedule: {epochs: 10, batch: 128}\nw_max: 0.1\nseed: 1\n", "a.yaml",
                     {"schedule.epochs=3", "schedule.milestones=[0.5, 0.75]", "errors.rate=0.01",
                      "errors.gate=paper", "w_max=null", "seed=4", "seed=5", "nothing.there=null"});
  YamlMap schedule = root.map("schedule");
  EXPECT_EQ(schedule.integer("epochs", 1, 100), 3);
  EXPECT_EQ(schedule.integer("batch", 1, 1000), 128);
  EXPECT_EQ(schedule.numbers("milestones", 0, 1), (std::vector<double>{0.5, 0.75}));
  YamlMap errors = root.map("errors");
  EXPECT_EQ(errors.number("rate", 0, 1), 0.01);
  EXPECT_EQ(errors.text("gate"), "paper");
  EXPECT_FALSE(root.has("w_max"));
  EXPECT_FALSE(root.has("nothing"));
  EXPECT_EQ(root.integer("seed", 0, 9), 5);  // the last one counts
  root.finish();
}

TEST(YamlAssignments, ErrorsNameTheFileAndTheAssignment) {
  const std::string text = "schedule: {epochs: 10}\n";
  EXPECT_EQ(complaint_of(text, {"schedule.epochs=0"}),
            "a.yaml: set \"schedule.epochs=0\": schedule.epochs: expected an integer in [1, 100], "
            "got \"0\"");
  EXPECT_EQ(complaint_of(text, {"schedule.milestones=[0.5, 2]"}),
            "a.yaml: set \"schedule.milestones=[0.5, 2]\": schedule.milestones[1]: expected a "
            "number in [0, 1], got \"2\"");
  EXPECT_EQ(complaint_of(text, {"schedule.epoch=3"}),
            "a.yaml: set \"schedule.epoch=3\": unknown key \"schedule.epoch\"; did you mean "
            "\"epochs\"?");
  EXPECT_EQ(complaint_of(text, {"errors.rate=0.5"}),
            "a.yaml: set \"errors.rate=0.5\": errors.gate: missing");
  // The first one makes the map, the second one is named.
  EXPECT_EQ(complaint_of(text, {"errors.gate=x", "errors.rate=2"}),
            "a.yaml: set \"errors.rate=2\": errors.rate: expected a number in [0, 1], got \"2\"");
  // Values of the file keep their place.
  EXPECT_EQ(complaint_of("schedule: {epochs: 1000}\n", {"errors={rate: 0, gate: x}"}),
            "a.yaml:1:20: schedule.epochs: expected an integer in [1, 100], got \"1000\"");
  for (const auto& [assignment, part] : std::vector<std::pair<std::string, std::string>>{
           {"schedule.epochs", "expected KEY.PATH=VALUE"},
           {"=3", "expected KEY.PATH=VALUE"},
           {"schedule..epochs=3", "expected KEY.PATH=VALUE"},
           {"schedule.epochs=", "expected one value behind the =, found none"},
           {"schedule.epochs=[1", "not valid YAML"},
           {"schedule.epochs.x=1", "schedule.epochs is \"10\", expected a map"},
           {"schedule={epochs: 1, epochs: 2}", "duplicate key"}}) {
    const std::string complaint = complaint_of(text, {assignment});
    EXPECT_EQ(complaint.rfind("a.yaml: set ", 0), 0u) << complaint;
    EXPECT_NE(complaint.find(part), std::string::npos) << complaint;
  }
  EXPECT_NE(complaint_of("schedule: &s {epochs: 1}\nerrors: *s\n", {"schedule.epochs=2"})
                .find("several places"),
            std::string::npos);
}

}  // namespace
}  // namespace brownout
