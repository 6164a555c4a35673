// SPDX-License-Identifier: Apache-2.0
// How text from outside appears in a message.
#include "sim/base/text.hpp"

#include <gtest/gtest.h>

#include "sim/base/error.hpp"
#include "sim/base/utf8.hpp"

namespace brownout {
namespace {

TEST(Text, LinesStayLinesAndNothingElseIsObeyed) {
  EXPECT_EQ(for_terminal("a\x1b[2J\n\tb\x9b\r\n"), "a\\x1b[2J\n\\tb\\x9b\\x0d\n");
  EXPECT_EQ(for_terminal(""), "");
  EXPECT_EQ(for_terminal("\n\n"), "\n\n");
  EXPECT_EQ(utf8_length("é…"), 5u);
  EXPECT_EQ(utf8_length("ab\xff"
                        "c"),
            2u);
  EXPECT_EQ(utf8_length(""), 0u);
}

TEST(Text, ControlCharactersAndForeignBytesAreEscaped) {
  EXPECT_EQ(printable("a\nb\tc\x1b[31m\x7f"), "a\\nb\\tc\\x1b[31m\\x7f");
  EXPECT_EQ(printable(std::string("a\0b", 3)), "a\\x00b");
  EXPECT_EQ(printable("grün … 10⁻³ 😀"), "grün … 10⁻³ 😀");
  EXPECT_EQ(printable("\xff\xc3(\xe2\x82"), "\\xff\\xc3(\\xe2\\x82");
  EXPECT_EQ(printable("\xc2\x9b"), "\\xc2\\x9b");  // CSI, in one character
  EXPECT_EQ(printable("\xed\xa0\x80\xc0\x80").find('\xed'), std::string::npos);  // no UTF-8
  EXPECT_EQ(printable(printable("a\n\x01")), printable("a\n\x01"));
}

TEST(Text, NothingTurnsTheDirectionOfTextOrBeginsALine) {
  EXPECT_EQ(printable("a\u202Eb\u2066c\u2028d"),
            "a\\xe2\\x80\\xaeb\\xe2\\x81\\xa6c\\xe2\\x80\\xa8d");
  EXPECT_EQ(printable("± … \u2013 \u05d0"), "± … \u2013 \u05d0");
}

TEST(Text, LongTextLosesItsMiddle) {
  EXPECT_EQ(shortened("0123456789", 10), "0123456789");
  EXPECT_EQ(shortened("0123456789abcdef", 8), "012345 … ef");
  // No character is cut in half.
  EXPECT_EQ(shortened("ääääääää", 8).find("\\x"), std::string::npos);
}

TEST(Text, QuotedValuesStayShort) {
  EXPECT_EQ(in_quotes("x\ny"), "\"x\\ny\"");
  const std::string text = in_quotes(std::string(100000, 'x'));
  EXPECT_LT(text.size(), 150u);
  EXPECT_NE(text.find("(100000 bytes)"), std::string::npos);
}

TEST(Text, NumbersHaveTheirNoun) {
  EXPECT_EQ(counted(0, "image"), "0 images");
  EXPECT_EQ(counted(1, "image"), "1 image");
  EXPECT_EQ(counted(2, "image"), "2 images");
}

TEST(Text, AMessageIsNotCutAtANulAndKeepsItsLines) {
  const InputError error("{}", std::string("a\0b\nc\x1b[31m", 10));
  EXPECT_STREQ(error.what(), "a\\x00b\nc\\x1b[31m");
}

TEST(Text, NearestNameIsEmptyWhenNothingIsNear) {
  EXPECT_EQ(nearest_name("rowz", {"rows", "columns"}), "rows");
  EXPECT_EQ(nearest_name("x", {"technology"}), "");
  EXPECT_EQ(nearest_name("Z", {"A", "B"}), "");
  EXPECT_EQ(nearest_name("xx", {"ws", "os"}), "");
  EXPECT_EQ(nearest_name("wz", {"ws", "os"}), "ws");
  EXPECT_EQ(nearest_name(std::string(100000, 'x'), {"technology"}), "");
}

TEST(Text, AQuestionNamesTheNearestNameIfThereIsOne) {
  EXPECT_EQ(did_you_mean("rowz", {"rows", "columns"}), "did you mean \"rows\"?");
  EXPECT_EQ(did_you_mean("x", {"technology"}), "");
}

}  // namespace
}  // namespace brownout
