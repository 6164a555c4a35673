// SPDX-License-Identifier: Apache-2.0
// JSON that others wrote: limits, places, kinds.
#include "sim/base/json.hpp"

#include <gtest/gtest.h>

#include "sim/base/error.hpp"

namespace brownout {
namespace {

template <typename Work>
std::string message(const Work& work) {
  try {
    work();
  } catch (const InputError& error) {
    return error.what();
  }
  return "nothing was thrown";
}

std::string parsing(const std::string& text) {
  return message([&] { parse_json(text, "a.json"); });
}

TEST(Json, WhatIsNotJsonHasItsPlace) {
  EXPECT_EQ(parsing(""), "a.json:1:1: not valid JSON: it ends early");
  EXPECT_EQ(parsing("{\n \"a\": x}"), "a.json:2:7: not valid JSON: found \"x\"");
  EXPECT_EQ(parsing("{\"a\": 1"), "a.json:1:8: not valid JSON: it ends early");
  EXPECT_EQ(parsing("[1] 2"), "a.json:1:5: not valid JSON: found \"2\"");
  EXPECT_EQ(parsing("[\"\x1b\"]"), "a.json:1:3: not valid JSON: found \"\\x1b\"");
  EXPECT_EQ(parsing("[1e999]"), "a.json: not valid JSON: a number is too large");
  EXPECT_EQ(parsing("{\"a\": {\"b\": 1, \"b\": 2}}"),
            "a.json: key \"b\" is there twice in one object");
  EXPECT_NE(parsing("[\"\xff\"]").find("not valid JSON"), std::string::npos);
}

TEST(Json, DepthHasALimit) {
  const auto nested = [](int depth, const char* open, const char* close) {
    std::string text;
    for (int i = 0; i < depth; ++i) text += open;
    text += "1";
    for (int i = 0; i < depth; ++i) text += close;
    return text;
  };
  EXPECT_EQ(parsing(nested(kMostJsonDepth, "[", "]")), "nothing was thrown");
  EXPECT_EQ(parsing(nested(kMostJsonDepth, "{\"a\":", "}")), "nothing was thrown");
  EXPECT_EQ(parsing(nested(kMostJsonDepth + 1, "[", "]")), "a.json: nested deeper than 64 levels");
  EXPECT_EQ(parsing(nested(200'000, "[", "]")), "a.json: nested deeper than 64 levels");
  EXPECT_EQ(parsing(nested(200'000, "{\"a\":", "}")), "a.json: nested deeper than 64 levels");
  EXPECT_EQ(parsing(std::string(200'000, '[')), "a.json: nested deeper than 64 levels");
}

TEST(Json, FieldsAreReadWithTheirPlace) {
  const Json json = parse_json(
      R"({"a": 3, "b": 1.5, "c": "x", "d": true, "e": [1, 2.5], "f": [{"g": -1}], "h": {"i": null},
          "big": 18446744073709551615, "z": [3, "x"]})",
      "a.json");
  const JsonObject fields(json, "a.json:7", "`brownout test`");
  EXPECT_EQ(fields.integer("a", 0, 3), 3);
  EXPECT_EQ(fields.number("a", 0, 3), 3.0);
  EXPECT_EQ(fields.number("b", 0, 2), 1.5);
  EXPECT_EQ(fields.text("c"), "x");
  EXPECT_TRUE(fields.boolean("d"));
  EXPECT_EQ(fields.numbers("e", 0, 3), (std::vector<double>{1.0, 2.5}));
  EXPECT_EQ(fields.objects("f")[0].integer("g", -1, 0), -1);
  EXPECT_TRUE(fields.object("h").at("i").is_null());
  const auto refused = [&](const auto& read) { return message([&] { read(); }); };
  EXPECT_EQ(refused([&] { fields.text("q"); }),
            "a.json:7: q: missing; expected the JSON of `brownout test`");
  EXPECT_EQ(refused([&] { fields.integer("a", 0, 2); }),
            "a.json:7: a: expected an integer in [0, 2], got 3");
  EXPECT_EQ(refused([&] { fields.integer("b", 0, 2); }),
            "a.json:7: b: expected an integer in [0, 2], got 1.5");
  EXPECT_EQ(refused([&] { fields.integer("big", 0, INT64_MAX); }),
            "a.json:7: big: expected an integer in [0, 9223372036854775807], got "
            "18446744073709551615");
  EXPECT_EQ(refused([&] { fields.number("c", 0, 2); }),
            "a.json:7: c: expected a number in [0, 2], got \"x\"");
  EXPECT_EQ(refused([&] { fields.text("d"); }), "a.json:7: d: expected a text, got true");
  EXPECT_EQ(refused([&] { fields.boolean("a"); }), "a.json:7: a: expected true or false, got 3");
  EXPECT_EQ(refused([&] { fields.objects("f")[0].integer("g", 0, 9); }),
            "a.json:7: f[0].g: expected an integer in [0, 9], got -1");
  EXPECT_EQ(refused([&] { fields.object("h").number("i", 0, 9); }),
            "a.json:7: h.i: expected a number in [0, 9], got null");
  EXPECT_EQ(refused([&] { fields.object("c"); }), "a.json:7: c: expected an object, got \"x\"");
  EXPECT_EQ(refused([&] { fields.objects("e"); }), "a.json:7: e[0]: expected an object, got 1");
  EXPECT_EQ(refused([&] { fields.integers("z", 0, 9); }),
            "a.json:7: z[1]: expected an integer in [0, 9], got \"x\"");
  const Json list = Json::array();
  EXPECT_EQ(refused([&] { JsonObject(list, "b.json", "`brownout test`"); }),
            "b.json: expected a JSON object as `brownout test` writes it, got []");
}

TEST(Json, TextIsUtf8WhateverTheNames) {
  EXPECT_EQ(json_text(Json{{"file", "a\xff.onnx"}}), "{\"file\":\"a\xef\xbf\xbd.onnx\"}");
  EXPECT_EQ(json_text(Json{{"a", 1}}, 2), "{\n  \"a\": 1\n}");
}

TEST(JsonObject, ReadsWhatMayBeMissing) {
  const Json json = Json::parse(R"({"names": ["a", "b"], "mixed": ["a", 1], "none": null,
                                    "number": 2.5, "pair": [1, 2], "three": [1, 2, 3]})");
  const JsonObject object(json, "f.json", "a test");
  EXPECT_EQ(object.texts("names"), (std::vector<std::string>{"a", "b"}));
  EXPECT_FALSE(object.given("none"));
  EXPECT_FALSE(object.given("missing"));
  EXPECT_EQ(object.number_if_given("number", 0, 3), 2.5);
  EXPECT_FALSE(object.number_if_given("none", 0, 3));
  EXPECT_EQ((*object.pair_if_given("pair", 0, 3))[1], 2.0);
  EXPECT_FALSE(object.pair_if_given("missing", 0, 3));
  EXPECT_EQ(object.text_if_given("none"), "");
  EXPECT_NE(message([&] { object.texts("mixed"); }).find("mixed[1]: expected a text"),
            std::string::npos);
  EXPECT_NE(message([&] { object.number_if_given("number", 0, 1); }).find("number: expected"),
            std::string::npos);
  EXPECT_NE(
      message([&] { object.pair_if_given("three", 0, 3); }).find("three: expected two numbers"),
      std::string::npos);
}

}  // namespace
}  // namespace brownout
