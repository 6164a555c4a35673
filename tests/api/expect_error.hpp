// SPDX-License-Identifier: Apache-2.0
// Calls that must be refused with a certain message.
#pragma once
#include <gtest/gtest.h>

#include <string>

#include "brownout/error.hpp"

namespace brownout {

/// `call` must throw an InputError whose message contains `part`.
template <typename Call>
void expect_error(const Call& call, const std::string& part) {
  try {
    call();
    ADD_FAILURE() << "no error; expected: " << part;
  } catch (const InputError& error) {
    EXPECT_NE(std::string(error.what()).find(part), std::string::npos)
        << "got: " << error.what() << "\nexpected: " << part;
    EXPECT_EQ(error.exit_code(), 2);
  }
}

}  // namespace brownout
