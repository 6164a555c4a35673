// SPDX-License-Identifier: Apache-2.0
// Fields of a message: bare, named by whoever catches the error, and carried along.
#include "sim/base/error.hpp"

#include <gtest/gtest.h>

#include <string>

#include "sim/base/text.hpp"

namespace brownout {
namespace {

const InputError kError("net.onnx: raise {} or lower {}", "kib", Field{"batch"});

TEST(Fields, AreBareUntilSomeoneNamesThem) {
  EXPECT_STREQ(kError.what(), "net.onnx: raise kib or lower batch");
  EXPECT_STREQ(kError.named({{"batch", "--batch"}}).what(), "net.onnx: raise kib or lower --batch");
  EXPECT_TRUE(kError.has_fields());
  EXPECT_FALSE(kError.named({{"batch", "--batch"}}).has_fields());
}

TEST(Fields, ThoseThatTheInnerDoorDoesNotKnowAreLeftForTheOuterOne) {
  const InputError two("{} or {}", Field{"batch"}, Field{"data_folder"});
  const InputError one = two.named({{"batch", "a.yaml:3:1: batch"}, {"seed", "a.yaml:4:1: seed"}});
  EXPECT_STREQ(one.what(), "a.yaml:3:1: batch or data_folder");
  EXPECT_STREQ(one.named({{"batch", "--batch"}, {"data_folder", "--data"}}).what(),
               "a.yaml:3:1: batch or --data");
}

TEST(Fields, StayFieldsInAMessageThatQuotesAnother) {
  const InputError outer("row 3: {}", kError.text());
  EXPECT_STREQ(outer.what(), "row 3: net.onnx: raise kib or lower batch");
  EXPECT_STREQ(outer.named({{"batch", "--batch"}}).what(),
               "row 3: net.onnx: raise kib or lower --batch");
  const std::string text = fmt::format("the folder of {}", Field{"out"});
  EXPECT_STREQ(InputError("{}", text).named({{"out", "--out"}}).what(), "the folder of --out");
}

TEST(Fields, NameFieldsPassesEverythingElseOn) {
  EXPECT_EQ(name_fields({}, [] { return 3; }), 3);
  try {
    name_fields({{"batch", "--batch"}}, [] { throw kError; });
    FAIL();
  } catch (const InputError& error) {
    EXPECT_STREQ(error.what(), "net.onnx: raise kib or lower --batch");
    EXPECT_EQ(error.exit_code(), 2);
  }
  EXPECT_THROW(name_fields({}, [] { throw RunError("failed"); }), RunError);
}

TEST(Fields, ControlCharactersOfOthersAreStillShown) {
  const std::string hostile("a\0b\0c\0\x1b", 7);
  const InputError error("{}: {}", Field{"batch"}, hostile);
  EXPECT_EQ(std::string(error.what()).rfind("batch: ", 0), 0u) << error.what();
  EXPECT_EQ(std::string(error.what()).find('\x1b'), std::string::npos) << error.what();
  EXPECT_EQ(std::string(InputError("{}", std::string("\0", 1)).what()), for_terminal({"\0", 1}));
  EXPECT_EQ(std::string(InputError("{}", std::string("\0A\0", 3)).what()),
            for_terminal({"\0A\0", 3}));
}

}  // namespace
}  // namespace brownout
