// SPDX-License-Identifier: Apache-2.0
// Fills in page.html.
#include "sim/report/page/page_frame.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "sim/report/page/page_assets.hpp"
#include "sim/report/page/page_html.hpp"

namespace brownout::report {

namespace {

/// No text of a file can end the element that holds the data.
std::string script_json(const Json& data) {
  std::string out;
  for (const char c : json_text(data)) {
    if (c == '<') {
      out += "\\u003c";
    } else {
      out += c;
    }
  }
  return out;
}

/// Replaces each {{name}} of the template once, in the order of the file.
std::string filled(std::string_view text,
                   const std::vector<std::pair<std::string, std::string_view>>& values) {
  std::string out;
  while (true) {
    const std::size_t open = text.find("{{");
    if (open == std::string_view::npos) return out += text;
    const std::size_t close = text.find("}}", open);
    const std::string_view name = text.substr(open + 2, close - open - 2);
    out += text.substr(0, open);
    for (const auto& [key, value] : values) {
      if (key == name) out += value;
    }
    text.remove_prefix(close + 2);
  }
}

}  // namespace

std::string page_file(const std::string& title, const std::string& body, const Json& data) {
  const std::string shown = html_text(title), json = script_json(data);
  return filled(page_html(), {{"title", shown},
                              {"style", page_css()},
                              {"body", body},
                              {"data", json},
                              {"chart_library", chart_library()},
                              {"script", page_js()}});
}

bool has_charts() { return !chart_library().empty(); }

std::string no_charts_html() {
  return "<p class=\"warning\">This program was built without Chart.js (Debian: libjs-chart.js), "
         "so that this page has no charts. Its tables are complete.</p>\n";
}

std::string section_html(const std::string& id, const std::string& heading,
                         const std::string& content, bool script) {
  return fmt::format("<section id=\"{}\"{}>\n<h2>{}</h2>\n{}</section>\n", id,
                     script ? " class=\"needs-script\"" : "", html_text(heading), content);
}

std::string links_html(const std::vector<std::pair<std::string, std::string>>& sections) {
  std::string text = "<nav aria-label=\"Sections\">";
  for (const auto& [id, name] : sections) {
    text += fmt::format("<a href=\"#{}\">{}</a>", id, html_text(name));
  }
  return text + "</nav>\n";
}

std::string notes_html(const std::vector<std::string>& notes) {
  std::string text = "<ul class=\"notes\">\n";
  for (const std::string& note : notes) text += "<li>" + html_text(note) + "</li>\n";
  return text + "</ul>\n";
}

std::string configuration_html(const std::string& name, const Json& configuration) {
  const std::string lines = json_text(configuration, 2);
  std::string shown;
  for (std::size_t begin = 0; begin <= lines.size();) {
    const std::size_t end = std::min(lines.find('\n', begin), lines.size());
    shown += html_text(lines.substr(begin, end - begin)) + "\n";
    begin = end + 1;
  }
  return fmt::format(
      "<details><summary>Resolved configuration of {}</summary>\n<pre class=\"scroll\" "
      "tabindex=\"0\">{}</pre></details>\n",
      html_text(name), shown);
}

std::string foot_html(const std::string& version) {
  return fmt::format(
      "<footer>Made by <code>brownout report</code>, version {}. This file is complete: it loads "
      "nothing.</footer>\n",
      html_text(version));
}

}  // namespace brownout::report
