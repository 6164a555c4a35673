// SPDX-License-Identifier: Apache-2.0
// Writes the gnuplot programs and their data.
#include "sim/report/study_plot.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "sim/report/gnuplot.hpp"
#include "sim/results/steps.hpp"

namespace brownout::report {

namespace {

using study::Cell;
using study::RowResult;
using study::StudyResult;

constexpr int kPanelHeight = 480;
constexpr std::size_t kTitleWidth = 70;  // characters above the axes, beside the names of rows

const char* colour(std::size_t index) { return kColours[index % kColours.size()]; }
/// Rows beyond the number of colours differ in their dashes.
int dashes(std::size_t index) { return 1 + static_cast<int>(index / kColours.size()); }

Drawing start(const std::filesystem::path& picture, int width, int height) {
  Drawing drawing("study", picture, width, height, 14);
  drawing.program += fmt::format(
      "set border 3 lw 1 lc rgb '{}'\n"
      "set grid xtics ytics lw 0.6 lc rgb '#e4e6ea'\n"
      "set tics nomirror textcolor rgb 'black'\n",
      kGrey);
  return drawing;
}

/// Points of a row, by place on the axis.
std::vector<const Cell*> curve_of(const RowResult& row, const std::string& evaluation) {
  std::vector<const Cell*> curve;
  for (const Cell& cell : row.cells) {
    if (cell.evaluation == evaluation && cell.header.at) curve.push_back(&cell);
  }
  std::sort(curve.begin(), curve.end(),
            [](const Cell* a, const Cell* b) { return *a->header.at < *b->header.at; });
  return curve;
}

std::string panel(const StudyResult& result, const study::EvaluationNote& note, Drawing& drawing) {
  const double factor = note.axis == "voltage" ? 1.0 : 100.0;
  std::string plots;
  bool positive = true;
  for (std::size_t i = 0; i < result.rows.size(); ++i) {
    const RowResult& row = result.rows[i];
    const std::vector<const Cell*> curve = curve_of(row, note.name);
    if (curve.empty()) continue;
    bool published = false;
    std::string line, dots;
    for (const Cell* cell : curve) {
      const double deviation = cell->spread.std.value_or(0.0);
      positive = positive && *cell->header.at > 0.0;
      published = published || cell->published;
      const std::string rest =
          fmt::format(" {} {} {} {}\n", cell->spread.mean,
                      std::max(cell->spread.mean - deviation, 0.0), cell->spread.mean + deviation,
                      cell->published ? fmt::format("{}", *cell->published) : "NaN");
      dots += fmt::format("{}", factor * *cell->header.at) + rest;
      for (const double end : results::ends_of_step(*cell->header.at, note.steps)) {
        line += fmt::format("{}", factor * end) + rest;
      }
    }
    const std::string line_block = drawing.block(line), dots_block = drawing.block(dots);
    plots += fmt::format(
        "  {0} using 1:3:4 with filledcurves fs solid 0.12 noborder lc rgb '{2}' notitle, \\\n"
        "  {0} using 1:2 with lines lw 2 dt {3} lc rgb '{2}' notitle, \\\n"
        "  {1} using 1:2 with points pt 7 ps 0.6 lc rgb '{2}' notitle, \\\n"
        "  NaN with linespoints lw 2 dt {3} pt 7 ps 0.6 lc rgb '{2}' title {4} noenhanced, \\\n",
        line_block, dots_block, colour(i), dashes(i), gnuplot_quoted(row.name));
    if (published) {
      plots +=
          fmt::format("  {} using 1:5 with points pt 6 ps 0.9 lw 1.5 lc rgb '{}' notitle, \\\n",
                      dots_block, colour(i));
    }
  }
  if (plots.empty()) return "";
  plots.erase(plots.rfind(", \\\n"));
  const bool rings = plots.find("using 1:5") != std::string::npos;
  return fmt::format(
      "set title {} noenhanced\nset xlabel {}\nset ylabel 'error, %'\n{}"
      "set yrange [0:*]\nset key outside right top vertical Left reverse samplen 2\n"
      "plot \\\n{}\n",
      gnuplot_lines({result.title, fmt::format("{} (band: ± one standard deviation{})", note.name,
                                               rings ? "; rings: " + result.published_title : "")},
                    kTitleWidth),
      note.axis == "voltage" ? "'supply voltage, V / Vmin'"
      : note.axis == "rate"  ? "'bit error rate, %'"
                             : "'noise, % of the range'",
      positive && note.axis == "rate" ? "set logscale x\n" : "unset logscale x\n", plots);
}

}  // namespace

std::optional<Drawing> study_drawing(const StudyResult& result,
                                     const std::filesystem::path& picture) {
  std::vector<const study::EvaluationNote*> panels;
  for (const study::EvaluationNote& note : result.evaluations) {
    const bool drawn = std::any_of(result.rows.begin(), result.rows.end(), [&](const auto& row) {
      return curve_of(row, note.name).size() > 1;
    });
    if (!note.axis.empty() && drawn) panels.push_back(&note);
  }
  if (panels.empty()) return std::nullopt;
  const int count = static_cast<int>(panels.size());
  Drawing drawing = start(picture, 1000, kPanelHeight * count);
  drawing.program += fmt::format("set multiplot layout {},1\n", count);
  for (const study::EvaluationNote* note : panels) {
    drawing.program += panel(result, *note, drawing);
  }
  drawing.program += "unset multiplot\n";
  return drawing;
}

std::optional<Drawing> histograms_drawing(const StudyResult& result,
                                          const std::filesystem::path& picture) {
  int lines = 0;
  for (const RowResult& row : result.rows) {
    lines += static_cast<int>(std::count_if(row.histograms.begin(), row.histograms.end(),
                                            [](const auto& list) { return !list.empty(); }));
  }
  if (lines == 0) return std::nullopt;
  Drawing drawing = start(picture, 1300, 320 * lines);
  drawing.program += fmt::format("set multiplot layout {},3\n", lines);
  for (const RowResult& row : result.rows) {
    for (const std::vector<study::NamedHistogram>& list : row.histograms) {
      if (list.empty()) continue;
      for (const char* of : {"logits", "confidences", "weights"}) {
        std::string plots;
        for (const study::NamedHistogram& entry : list) {
          if (entry.of != of) continue;
          const study::Histogram& bins = entry.histogram;
          const double width = (bins.high - bins.low) / static_cast<double>(bins.counts.size());
          double total = 0.0;
          for (const std::int64_t count : bins.counts) total += static_cast<double>(count);
          std::string rows;
          for (std::size_t i = 0; i < bins.counts.size(); ++i) {
            rows += fmt::format("{} {}\n", bins.low + width * (static_cast<double>(i) + 0.5),
                                100.0 * static_cast<double>(bins.counts[i]) / std::max(total, 1.0));
          }
          plots += fmt::format("{}{} using 1:2 with steps lw 1.8 lc rgb '{}' title {} noenhanced",
                               plots.empty() ? "plot " : ", ", drawing.block(rows),
                               entry.when == "clean" ? kColours[0] : kColours[3],
                               gnuplot_quoted(entry.when));
        }
        drawing.program += fmt::format(
            "set title {} noenhanced\nset ylabel 'share, %'\nset yrange [0:*]\n"
            "set xlabel {}\nset key top right\n{}\n",
            gnuplot_quoted(row.name), gnuplot_quoted(of), plots);
      }
    }
  }
  drawing.program += "unset multiplot\n";
  return drawing;
}

std::optional<std::string> draw_study(const StudyResult& result,
                                      const std::filesystem::path& folder) {
  for (const auto& [name, draw] :
       {std::pair{"study.svg", &study_drawing}, std::pair{"histograms.svg", &histograms_drawing}}) {
    const std::optional<Drawing> drawing = draw(result, folder / name);
    if (!drawing) continue;
    if (auto problem = draw_with_gnuplot(*drawing, folder / name)) return problem;
  }
  return std::nullopt;
}

}  // namespace brownout::report
