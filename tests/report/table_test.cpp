// SPDX-License-Identifier: Apache-2.0
// Column widths and alignment.
#include "sim/report/table.hpp"

#include <gtest/gtest.h>

#include <stdexcept>

namespace brownout::report {
namespace {

TEST(Table, AlignsColumnsAndRulesTheHeader) {
  Table table({"name", "value"});
  table.add({"a", "1"});
  table.add({"longer", "12.5"});
  EXPECT_EQ(table.text(),
            "  name    value\n"
            "  ------  -----\n"
            "  a           1\n"
            "  longer   12.5\n");
}

TEST(Table, CountsCharactersNotBytes) {
  Table table({"x", "y"}, {0, 1});
  table.add({"1 ± 2", "b"});
  table.add({"12345", "c"});
  EXPECT_EQ(table.text(),
            "  x      y\n"
            "  -----  -\n"
            "  1 ± 2  b\n"
            "  12345  c\n");
}

TEST(Table, ARowOfAnotherLengthBreaksAnInvariant) {
  Table table({"x", "y"});
  EXPECT_THROW(table.add({"1"}), std::logic_error);
}

TEST(Table, CellsShowWhatATerminalWouldObey) {
  Table table({"na\x1b[1mme"});
  table.add({"a\x1b[31mred\nline"});
  EXPECT_EQ(table.text(), "  na\\x1b[1mme\n  ------------------\n  a\\x1b[31mred\\nline\n");
}

}  // namespace
}  // namespace brownout::report
