// SPDX-License-Identifier: Apache-2.0
// libsystemc brings a main of its own, which runs no test: tests of SystemC modules bring theirs.
#include <gtest/gtest.h>

int main(int argc, char** argv) {
  ::testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}
