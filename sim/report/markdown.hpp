// SPDX-License-Identifier: Apache-2.0
// Texts of others in Markdown.
#pragma once
#include <string>

namespace brownout::report {

/// The text as Markdown (CommonMark with GitHub's tables and links) shows it literally, on one
/// line: nothing in it begins a link, an emphasis, code, a cell or an HTML tag.
std::string markdown_text(const std::string& text);

/// The text as code, with ' in place of `.
std::string markdown_code(const std::string& text);

}  // namespace brownout::report
