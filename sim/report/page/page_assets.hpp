// SPDX-License-Identifier: Apache-2.0
// The files of the page, as the build embeds them into the program.
#pragma once
#include <string_view>

namespace brownout::report {

std::string_view page_html();
std::string_view page_css();
std::string_view page_js();
/// Chart.js with its licence notice; empty when the build did not find it.
std::string_view chart_library();

}  // namespace brownout::report
