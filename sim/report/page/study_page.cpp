// SPDX-License-Identifier: Apache-2.0
// The sections of a study's page.
#include "sim/report/page/study_page.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "sim/base/text.hpp"
#include "sim/report/optional_json.hpp"
#include "sim/report/page/base64.hpp"
#include "sim/report/page/page_frame.hpp"
#include "sim/report/page/page_html.hpp"

namespace brownout::report {

namespace {

using study::StoredCell;
using study::StoredStudy;
using study::StoredStudyRow;

/// What a column of the table shows.
struct StudyColumn {
  std::string evaluation, column, unit;
  bool published = false;

  bool is_of(const StoredCell& cell) const {
    return cell.evaluation == evaluation && cell.column == column;
  }
};

/// In the order of the rows' cells; a column of published values follows the one that has them.
std::vector<StudyColumn> shown_columns(const StoredStudy& study) {
  std::vector<StudyColumn> columns;
  for (const StoredStudyRow& row : study.rows) {
    for (const StoredCell& cell : row.cells) {
      const auto same = [&](const StudyColumn& one) { return one.is_of(cell); };
      const bool seen = std::any_of(columns.begin(), columns.end(), same);
      if (!seen) columns.push_back({cell.evaluation, cell.column, cell.unit, false});
    }
  }
  std::vector<StudyColumn> all;
  for (const StudyColumn& column : columns) {
    all.push_back(column);
    const bool published =
        std::any_of(study.rows.begin(), study.rows.end(), [&](const StoredStudyRow& row) {
          return std::any_of(row.cells.begin(), row.cells.end(), [&](const StoredCell& cell) {
            return column.is_of(cell) && cell.published;
          });
        });
    if (published) all.push_back({column.evaluation, column.column, column.unit, true});
  }
  return all;
}

HtmlCell study_cell(const StoredStudyRow& row, const StudyColumn& column) {
  for (const StoredCell& cell : row.cells) {
    if (!column.is_of(cell)) continue;
    if (column.published && !cell.published) return {"–"};
    const double value = column.published ? *cell.published : cell.mean;
    HtmlCell shown{fmt::format("{:.2f}", value), fmt::format("{}", value)};
    if (!column.published && cell.std) {
      shown.html += fmt::format(" <span class=\"quiet\">± {:.2f}</span>", *cell.std);
    }
    return shown;
  }
  return {"–"};
}

HtmlTable rows_html(const StoredStudy& study, std::size_t first) {
  const std::vector<StudyColumn> columns = shown_columns(study);
  std::vector<std::string> header{"row"};
  for (const StudyColumn& column : columns) {
    header.push_back(fmt::format("{}{}{}", column.published ? "published, " : "", column.column,
                                 column.unit.empty() ? "" : " (" + column.unit + ")"));
  }
  HtmlTable table(study.title, header, 1);
  for (std::size_t i = 0; i < study.rows.size(); ++i) {
    const std::size_t number = first + i;
    std::vector<HtmlCell> cells{
        {fmt::format("<i class=\"dot\" style=\"background:var(--n{})\"></i>{}",
                     number % kPageColours, html_text(study.rows[i].name)),
         study.rows[i].name}};
    for (const StudyColumn& column : columns) cells.push_back(study_cell(study.rows[i], column));
    table.add(cells, fmt::format("data-row=\"{} 0\"", number));
  }
  return table;
}

std::string comparisons_html(const StoredStudy& study) {
  if (study.comparisons.empty()) return "";
  const auto number = [](const std::optional<double>& value, const char* format) {
    return value ? HtmlCell{fmt::format(fmt::runtime(format), *value), fmt::format("{}", *value)}
                 : HtmlCell{"–"};
  };
  HtmlTable table("Comparisons",
                  {"expected higher", "expected lower", "column", "difference, points", "± chips",
                   "± images", "p (Holm)", "shown"},
                  3);
  for (const study::StoredComparison& one : study.comparisons) {
    table.add({{html_text(one.higher)},
               {html_text(one.lower)},
               {html_text(one.column)},
               number(one.difference_points, "{:.2f}"),
               number(one.standard_error, "{:.2f}"),
               number(one.images_standard_error, "{:.2f}"),
               number(one.p_holm, "{:.3g}"),
               {html_text(one.verdict)}});
  }
  return "<h3>Paired differences on the same chips and images</h3>\n" + table.html();
}

/// Pictures are shown as images, in which nothing runs.
std::string pictures_html(const StoredStudy& study) {
  std::string text;
  for (const std::string& picture : study.pictures) {
    text += fmt::format("<figure><img alt=\"{}\" src=\"data:image/svg+xml;base64,{}\"></figure>\n",
                        html_text(study.title), base64({picture.begin(), picture.end()}));
  }
  return text;
}

std::string networks_html(const StoredStudy& study) {
  HtmlTable table("Networks", {"row", "network", "file", "SHA-256"}, 4);
  for (const StoredStudyRow& row : study.rows) {
    for (const study::StoredNetwork& network : row.networks) {
      table.add({{html_text(row.name)},
                 {html_text(network.name)},
                 {html_text(network.file)},
                 {"<code class=\"hash\">" + html_text(network.sha256) + "</code>"}});
    }
  }
  return table.html();
}

std::string row_choice_html(const std::vector<StoredStudy>& studies) {
  std::string text =
      "<div class=\"controls needs-script\" id=\"choice\"><fieldset><legend>Rows</legend>";
  std::size_t number = 0;
  for (const StoredStudy& study : studies) {
    for (const StoredStudyRow& row : study.rows) {
      text += fmt::format(
          "<label class=\"tick\"><input type=\"checkbox\" checked data-choose-network=\"{}\">"
          "<i class=\"dot\" style=\"background:var(--n{})\"></i>{}</label>",
          number, number % kPageColours, html_text(row.name));
      ++number;
    }
  }
  return text + "</fieldset></div>\n";
}

/// A chart for each evaluation with an axis and two places on it or more.
Json panels_json(const std::vector<StoredStudy>& studies) {
  Json panels = Json::array();
  std::size_t first = 0;
  for (const StoredStudy& study : studies) {
    for (const study::StoredEvaluation& evaluation : study.evaluations) {
      Json curves = Json::array();
      std::size_t most = 0;
      std::string unit;
      for (std::size_t i = 0; i < study.rows.size(); ++i) {
        Json points = Json::array();
        for (const StoredCell& cell : study.rows[i].cells) {
          if (cell.evaluation != evaluation.name || !cell.at) continue;
          unit = cell.unit;
          points.push_back({{"at", *cell.at},
                            {"mean", cell.mean},
                            {"std", maybe(cell.std)},
                            {"ci", maybe(cell.ci95)},
                            {"ciAll", maybe(cell.ci95_all)},
                            {"samples", cell.samples}});
        }
        most = std::max(most, points.size());
        curves.push_back({{"row", first + i}, {"points", points}});
      }
      if (most < 2) continue;
      panels.push_back(
          {{"title", studies.size() > 1 ? study.name + ": " + evaluation.name : evaluation.name},
           {"axis", evaluation.axis},
           {"unit", unit},
           {"curves", curves}});
    }
    first += study.rows.size();
  }
  return panels;
}

std::string study_sections(const StoredStudy& study, std::size_t number, std::size_t first_row) {
  std::string content;
  if (!study.source.empty()) {
    content += "<p class=\"quiet\">Published values: " + html_text(study.source) + ".</p>\n";
  }
  content += rows_html(study, first_row).html() + comparisons_html(study);
  content += "<h3>What these numbers are</h3>\n" + notes_html(study.notes);
  content += pictures_html(study) + "<h3>Networks and hashes</h3>\n" + networks_html(study);
  if (!study.identity.is_null()) content += configuration_html(study.name, study.identity);
  return section_html(fmt::format("study-{}", number), study.title, content);
}

}  // namespace

Json study_page_data(const std::vector<StoredStudy>& studies) {
  Json data{{"kind", "study"}, {"rows", Json::array()}, {"panels", panels_json(studies)}};
  for (const StoredStudy& study : studies) {
    for (const StoredStudyRow& row : study.rows) {
      data["rows"].push_back(studies.size() > 1 ? row.name + " · " + study.name : row.name);
    }
  }
  return data;
}

std::string study_page_html(const std::vector<StoredStudy>& studies, const std::string& version) {
  std::string title = "Brownout";
  std::vector<std::pair<std::string, std::string>> links;
  std::string sections;
  std::size_t first_row = 0;
  for (std::size_t i = 0; i < studies.size(); ++i) {
    title += (i == 0 ? ": " : ", ") + studies[i].name;
    links.emplace_back(fmt::format("study-{}", i), studies[i].title);
    sections += study_sections(studies[i], i, first_row);
    first_row += studies[i].rows.size();
  }
  const Json data = study_page_data(studies);
  const bool charts = has_charts() && !data["panels"].empty();
  std::string body = fmt::format("<header>\n<h1>{}</h1>\n</header>\n", html_text(title));
  if (charts) links.insert(links.begin(), {"curves", "Curves"});
  body += links_html(links);
  if (!has_charts()) body += no_charts_html();
  body += row_choice_html(studies);
  if (charts) {
    body += section_html(
        "curves", "Curves",
        "<div class=\"switches\"><label class=\"tick\"><input type=\"checkbox\" id=\"log-y\" "
        "checked>logarithmic</label><label class=\"tick\"><input type=\"checkbox\" "
        "id=\"dies\">every network and chip</label><label class=\"tick\">band <select "
        "id=\"band\"><option value=\"ci\">95 %, chips</option><option value=\"ciAll\">95 %, chips "
        "and images</option><option value=\"\">none</option></select></label></div>\n"
        "<div id=\"study-panels\"></div>\n",
        true);
  }
  return page_file(title, body + sections + foot_html(version), data);
}

}  // namespace brownout::report
