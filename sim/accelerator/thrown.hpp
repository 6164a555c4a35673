// SPDX-License-Identifier: Apache-2.0
// What somebody else's module throws may be anything.
#pragma once
#include <exception>
#include <string>
#include <systemc>

namespace brownout::accelerator {

/// What an exception says.
inline std::string text_of(const std::exception_ptr& thrown) {
  try {
    std::rethrow_exception(thrown);
  } catch (const sc_core::sc_report& report) {
    return std::string(report.get_msg_type()) + ": " + report.get_msg();
  } catch (const std::exception& exception) {
    return exception.what();
  } catch (...) {
    return "something that is no exception of C++";
  }
}

}  // namespace brownout::accelerator
