// SPDX-License-Identifier: Apache-2.0
// A SystemC warning or error ends the run with its context and never passes silently.
#include <gtest/gtest.h>

#include <systemc>

#include "sim/accelerator/kernel_host.hpp"
#include "sim/base/error.hpp"

namespace brownout::accelerator {
namespace {

/// The message of the RunError with which `report` ends.
template <typename Report>
std::string message_of(Report&& report) {
  const ReportsAsErrors reports;
  try {
    report();
  } catch (const RunError& error) {
    EXPECT_EQ(error.exit_code(), 1);
    return error.what();
  }
  return "nothing was thrown";
}

TEST(SystemcReport, AWarningIsARunErrorWithTypeAndText) {
  EXPECT_EQ(message_of([] { SC_REPORT_WARNING("/test/type", "what happened"); }),
            "SystemC warning: /test/type: what happened");
}

TEST(SystemcReport, AnErrorIsARunErrorWithTypeAndText) {
  EXPECT_EQ(message_of([] { SC_REPORT_ERROR("/test/type", "what happened"); }),
            "SystemC error: /test/type: what happened");
}

int reports_of_before = 0;

TEST(SystemcReport, AfterTheHostTheReportsGoWhereTheyWentBefore) {
  const auto before = [](const sc_core::sc_report&, const sc_core::sc_actions&) {
    ++reports_of_before;
  };
  sc_core::sc_report_handler::set_handler(before);
  message_of([] { SC_REPORT_WARNING("/test/type", "what happened"); });
  EXPECT_EQ(reports_of_before, 0);
  SC_REPORT_WARNING("/test/type", "what happened");
  EXPECT_EQ(reports_of_before, 1);
  sc_core::sc_report_handler::set_handler(nullptr);
}

TEST(SystemcReport, InformationPasses) {
  EXPECT_EQ(message_of([] { SC_REPORT_INFO("/test/type", "all is well"); }), "nothing was thrown");
}

}  // namespace
}  // namespace brownout::accelerator
