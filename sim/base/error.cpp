// SPDX-License-Identifier: Apache-2.0
// What BROWNOUT_CHECK calls when it fails.
#include "sim/base/error.hpp"

#include "sim/base/text.hpp"

namespace brownout {

Error::Error(int exit_code, const std::string& message)
    : std::runtime_error(for_terminal(message)), exit_code_(exit_code) {}

void fail_check(const char* file, int line, const char* condition, const std::string& values) {
  throw std::logic_error(
      fmt::format("{}:{}: internal check failed: {} ({})", file, line, condition, values));
}

}  // namespace brownout
