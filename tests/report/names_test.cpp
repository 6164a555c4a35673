// SPDX-License-Identifier: Apache-2.0
// What is cut from names that are shown side by side.
#include "sim/report/names.hpp"

#include <gtest/gtest.h>

namespace brownout::report {
namespace {

using Names = std::vector<std::string>;

TEST(ShortNames, CutsWhatAllShare) {
  const ShortNames s =
      short_names({"fmnist-simplenet16-normal-8b", "fmnist-simplenet16-randbet-8b"});
  EXPECT_EQ(s.names, (Names{"normal", "randbet"}));
  EXPECT_EQ(s.pattern, "fmnist-simplenet16-*-8b");
}

TEST(ShortNames, CutsWholePartsOnlyAndLeavesOne) {
  EXPECT_EQ(short_names({"net-8b", "nets-8b"}).names, (Names{"net", "nets"}));
  EXPECT_EQ(short_names({"a-8b", "a-4b"}).names, (Names{"8b", "4b"}));
  EXPECT_EQ(short_names({"a-8b", "a-4b"}).pattern, "a-*");
  EXPECT_EQ(short_names({"a-b", "a-b-c"}).names, (Names{"b", "b-c"}));
}

TEST(ShortNames, LeavesOneNameAndStrangersAlone) {
  EXPECT_EQ(short_names({"a-b-c"}).names, (Names{"a-b-c"}));
  EXPECT_EQ(short_names({"x", "y"}).names, (Names{"x", "y"}));
  EXPECT_EQ(short_names({"x", "y"}).pattern, "");
  EXPECT_EQ(short_names({"a-x-b", "c-x-d"}).names, (Names{"a-x-b", "c-x-d"}));
}

}  // namespace
}  // namespace brownout::report
