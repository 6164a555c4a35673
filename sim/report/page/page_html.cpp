// SPDX-License-Identifier: Apache-2.0
// Tags and escapes.
#include "sim/report/page/page_html.hpp"

#include <fmt/format.h>

#include "sim/base/error.hpp"
#include "sim/base/text.hpp"

namespace brownout::report {

std::string html_text(std::string_view text) {
  std::string out;
  for (const char c : printable(text)) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

HtmlTable::HtmlTable(std::string caption, std::vector<std::string> header, std::size_t left)
    : caption_(std::move(caption)), header_(std::move(header)), left_(left) {}

void HtmlTable::add(const std::vector<HtmlCell>& cells, const std::string& attributes) {
  BROWNOUT_CHECK(cells.size() == header_.size(), "{} cells under {}", cells.size(), header_.size());
  rows_ += fmt::format("<tr{}{}>", attributes.empty() ? "" : " ", attributes);
  for (std::size_t i = 0; i < cells.size(); ++i) {
    const char* tag = i == 0 ? "th" : "td";
    rows_ += fmt::format("<{}{}", tag, i == 0 ? " scope=\"row\"" : "");
    if (i < left_) rows_ += " class=\"text\"";
    if (!cells[i].sort.empty()) rows_ += fmt::format(" data-sort=\"{}\"", html_text(cells[i].sort));
    if (!cells[i].field.empty()) {
      rows_ += fmt::format(" data-field=\"{}\"", html_text(cells[i].field));
    }
    rows_ += fmt::format(">{}</{}>", cells[i].html, tag);
  }
  rows_ += "</tr>\n";
}

std::string HtmlTable::html() const {
  std::string text = "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"" +
                     html_text(caption_) + "\">\n<table class=\"sortable\">\n<thead><tr>";
  for (std::size_t i = 0; i < header_.size(); ++i) {
    text += fmt::format("<th scope=\"col\"{}>{}</th>", i < left_ ? " class=\"text\"" : "",
                        html_text(header_[i]));
  }
  return text + "</tr></thead>\n<tbody>\n" + rows_ + "</tbody>\n</table>\n</div>\n";
}

}  // namespace brownout::report
