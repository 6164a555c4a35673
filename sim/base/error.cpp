// SPDX-License-Identifier: Apache-2.0
// What BROWNOUT_CHECK calls when it fails.
#include "sim/base/error.hpp"

namespace brownout {

void fail_check(const char* file, int line, const char* condition, const std::string& values) {
  throw std::logic_error(
      fmt::format("{}:{}: internal check failed: {} ({})", file, line, condition, values));
}

}  // namespace brownout
