// SPDX-License-Identifier: Apache-2.0
// HTML that needs no script: escaped texts, and tables whose columns can be sorted by one.
#pragma once
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace brownout::report {

/// Colours of networks in page.css, "--n0" and so on; then they repeat.
inline constexpr std::size_t kPageColours = 12;

/// A text as HTML shows it. Control characters are shown as messages show them.
std::string html_text(std::string_view text);

struct HtmlCell {
  std::string html;
  std::string sort = "";   // what sorting compares; "": the text of the cell
  std::string field = "";  // what a script may write into it: "energy_uj 12"
};

/// A table in a box of its own, which scrolls sideways where the page is narrow.
class HtmlTable {
 public:
  /// `left` is the number of leading columns that hold texts; all others hold numbers.
  HtmlTable(std::string caption, std::vector<std::string> header, std::size_t left);
  /// As many cells as the header. `attributes` are the row's, as HTML.
  void add(const std::vector<HtmlCell>& cells, const std::string& attributes = "");
  std::string html() const;

 private:
  std::string caption_;
  std::vector<std::string> header_;
  std::size_t left_;
  std::string rows_;
};

}  // namespace brownout::report
