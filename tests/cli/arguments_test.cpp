// SPDX-License-Identifier: Apache-2.0
// Option values: which texts are numbers, and what the message says about the others.
#include "sim/cli/arguments.hpp"

#include <gtest/gtest.h>

#include "sim/base/error.hpp"

namespace brownout::cli {
namespace {

TEST(Arguments, NumbersAreFiniteAndInRange) {
  EXPECT_EQ(parse_number("--rate", "0.01", 0, 1), 0.01);
  EXPECT_EQ(parse_number("--rate", "1e-3", 0, 1), 1e-3);
  EXPECT_EQ(parse_number("--rate", "0", 0, 1), 0.0);
  EXPECT_EQ(parse_number("--voltage", "+0.8", 0, 1), 0.8);
  for (const char* text : {"+", "+-0.1", "++1", "nan", "-nan", "inf", "-0.1", "1.0001", "", "0.1x",
                           " 0.1", "0x1p-3", "1e999", "one", "0,1"}) {
    EXPECT_THROW(parse_number("--rate", text, 0, 1), InputError) << text;
  }
}

TEST(Arguments, IntegersArePlainDecimals) {
  EXPECT_EQ(parse_integer("--chips", "50", 1, 100), 50);
  for (const char* text : {"0", "-1", "101", "1e1", "5.0", "", "0x5", "99999999999999999999"}) {
    EXPECT_THROW(parse_integer("--chips", text, 1, 100), InputError) << text;
  }
}

TEST(Arguments, MessagesNameOptionFoundAndExpected) {
  try {
    parse_integer("--chips", "0", 1, 100);
    FAIL();
  } catch (const InputError& error) {
    EXPECT_STREQ(error.what(), "--chips: expected an integer in [1, 100], got \"0\"");
    EXPECT_EQ(error.exit_code(), 2);
  }
  try {
    parse_choice("--engine", "functionl", {"functional", "float"});
    FAIL();
  } catch (const InputError& error) {
    EXPECT_STREQ(error.what(),
                 "--engine: expected one of functional, float, got \"functionl\"; did you mean "
                 "\"functional\"?");
  }
  EXPECT_EQ(parse_choice("--engine", "float", {"functional", "float"}), "float");
}

}  // namespace
}  // namespace brownout::cli
