// SPDX-License-Identifier: Apache-2.0
// Formulas in postfix: what they compute, and what is none.
#include "sim/network/formula.hpp"

#include <gmock/gmock.h>

#include <cmath>

#include "sim/base/error.hpp"

namespace brownout::network {
namespace {

using testing::HasSubstr;

TEST(Formula, ComputesWhatItSays) {
  EXPECT_EQ(Formula("x")(3.5), 3.5);
  EXPECT_EQ(Formula("1 x -")(3.0), -2.0);
  EXPECT_EQ(Formula("x 2 pow x neg max")(-3.0), 9.0);
  EXPECT_EQ(Formula("x 3 + 0 max 6 min x * 6 /")(1.5), 1.5 * 4.5 / 6.0);
  EXPECT_DOUBLE_EQ(Formula("x sigmoid x *")(2.0), 2.0 / (1.0 + std::exp(-2.0)));
  EXPECT_DOUBLE_EQ(Formula("x 2 sqrt / erf 1 + x * 2 /")(1.0),
                   0.5 * (1.0 + std::erf(1.0 / std::sqrt(2.0))));
  EXPECT_DOUBLE_EQ(Formula("x softplus tanh x *")(-1.0), -std::tanh(std::log1p(std::exp(-1.0))));
  EXPECT_EQ(Formula("x abs floor round")(-2.75), 2.0);
  EXPECT_EQ(Formula("1e-3 x *")(2.0), 0.002);
  EXPECT_EQ(Formula("x sign")(-0.5), -1.0);
  EXPECT_EQ(Formula("x sign")(0.0), 0.0);
  EXPECT_EQ(Formula("x x 0.75 - sign 0 max *")(0.75), 0.0);
  EXPECT_EQ(Formula("x x 0.75 - sign 0 max *")(1.5), 1.5);
  // Softplus neither overflows nor loses small numbers.
  EXPECT_EQ(Formula("x softplus")(1000.0), 1000.0);
  EXPECT_GT(Formula("x softplus")(-700.0), 0.0);
}

std::string refusal(const std::string& text) {
  try {
    const Formula formula(text);
  } catch (const InputError& error) {
    return error.text();
  }
  return "";
}

TEST(Formula, SaysWhatIsNoFormula) {
  EXPECT_EQ(refusal(""), "formula \"\": leaves 0 numbers, expected one");
  EXPECT_EQ(refusal("x x"), "formula \"x x\": leaves 2 numbers, expected one");
  EXPECT_EQ(refusal("x +"), "formula \"x +\": \"+\" needs 2 numbers before it, found 1");
  EXPECT_EQ(refusal("tanh"), "formula \"tanh\": \"tanh\" needs 1 numbers before it, found 0");
  EXPECT_EQ(refusal("x sinh"), "formula \"x sinh\": \"sinh\" is neither a number nor a function");
  EXPECT_THAT(refusal("x 1e999 +"), HasSubstr("\"1e999\" is neither a number"));
  EXPECT_THAT(refusal("x nan +"), HasSubstr("\"nan\" is neither a number"));
  std::string deep = "x";
  for (int i = 0; i < 16; ++i) deep += " x";
  EXPECT_THAT(refusal(deep), HasSubstr("more than 16 numbers wait"));
  EXPECT_THAT(refusal(std::string(2000, ' ')), HasSubstr("expected at most 1024"));
}

TEST(Formula, MakesATableOfEveryCode) {
  const std::vector<float> table = lookup_table(Formula("x 2 *"), 0.5f, 128);
  ASSERT_EQ(table.size(), 256u);
  EXPECT_EQ(table[0], -128.0f);
  EXPECT_EQ(table[128], 0.0f);
  EXPECT_EQ(table[255], 127.0f);
  EXPECT_THROW(lookup_table(Formula("x log"), 0.5f, 128), InputError);
}

}  // namespace
}  // namespace brownout::network
