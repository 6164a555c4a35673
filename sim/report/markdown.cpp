// SPDX-License-Identifier: Apache-2.0
// A backslash takes the meaning from a mark; an address is a link without any mark.
#include "sim/report/markdown.hpp"

#include <algorithm>
#include <string_view>

#include "sim/base/text.hpp"

namespace brownout::report {

namespace {

constexpr std::string_view kMarks = "\\`*_[]()<>|~#&$";

bool continues(std::string_view text, std::size_t at, std::string_view with) {
  return text.substr(at, with.size()) == with;
}

}  // namespace

std::string markdown_text(const std::string& text) {
  const std::string shown = printable(text);
  std::string out;
  for (std::size_t i = 0; i < shown.size(); ++i) {
    const bool address =
        continues(shown, i, "://") || (shown[i] == '.' && i >= 3 && continues(shown, i - 3, "www"));
    if (address || kMarks.find(shown[i]) != std::string_view::npos) out += '\\';
    out += shown[i];
    // An e-mail address is a link wherever its @ comes from, unless an empty comment stands there.
    if (shown[i] == '@') out += "<!-- -->";
  }
  return out;
}

std::string markdown_code(const std::string& text) {
  std::string shown = printable(text);
  std::replace(shown.begin(), shown.end(), '`', '\'');
  return "`" + shown + "`";
}

}  // namespace brownout::report
