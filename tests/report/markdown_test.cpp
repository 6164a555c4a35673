// SPDX-License-Identifier: Apache-2.0
// Whatever a text of a user's file contains, Markdown shows it and means nothing by it.
#include "sim/report/markdown.hpp"

#include <gtest/gtest.h>

#include "sim/report/study_report.hpp"

namespace brownout::report {
namespace {

TEST(Markdown, NoTextIsALinkAnEmphasisACellOrATag) {
  EXPECT_EQ(markdown_text("[x](http://e.x)"), "\\[x\\]\\(http\\://e.x\\)");
  EXPECT_EQ(markdown_text("<b>|*_`~\\"), "\\<b\\>\\|\\*\\_\\`\\~\\\\");
  EXPECT_EQ(markdown_text("# &amp; $x$"), "\\# \\&amp; \\$x\\$");
  EXPECT_EQ(markdown_text("www.example.com"), "www\\.example.com");
  EXPECT_EQ(markdown_text("me@example.com"), "me@<!-- -->example.com");
  EXPECT_EQ(markdown_text("two\nlines"), "two\\\\nlines");
  EXPECT_EQ(markdown_text("p = 1 %, -2.5 ± 0.3 : w'"), "p = 1 %, -2.5 ± 0.3 : w'");
  EXPECT_EQ(markdown_code("a`[b](c)`"), "`a'[b](c)'`");
}

TEST(Markdown, TheTableOfAStudyHoldsNoLinkOfAnyName) {
  const std::string link = "[x](y)";
  study::StudyResult result;
  result.title = result.source = result.published_title = link;
  study::EvaluationNote& note = result.evaluations.emplace_back();
  note.name = link;
  study::RowResult& row = result.rows.emplace_back();
  row.name = link;
  row.problem = link;
  row.networks.push_back({"net", "net.onnx", std::string(64, 'a')});
  study::Cell& cell = row.cells.emplace_back();
  cell.evaluation = link;
  cell.header = {link, link, 0.5, {}, {}};
  cell.published = 1.0;
  study::ComparisonResult& comparison = result.comparisons.emplace_back();
  comparison.choice = {link, link, link, link};
  comparison.difference.emplace();
  const std::string table = study_markdown(result);
  std::size_t links = 0, escaped = 0;
  for (std::size_t at = 0; (at = table.find("[x", at)) != std::string::npos; ++at) {
    ++links;
    if (table[at - 1] == '\\') ++escaped;
  }
  EXPECT_GE(links, 9u) << table;
  EXPECT_EQ(escaped, links) << table;
}

}  // namespace
}  // namespace brownout::report
