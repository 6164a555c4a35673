// SPDX-License-Identifier: Apache-2.0
// libsystemc has a main of its own, which runs no test. Tests of SystemC modules therefore have
// their own sc_main.
#include <gtest/gtest.h>

/// libsystemc needs one; these programs drive the kernel without it.
extern "C" int sc_main(int, char**) { return 0; }

int main(int argc, char** argv) {
  ::testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}
