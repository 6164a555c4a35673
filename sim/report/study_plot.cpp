// SPDX-License-Identifier: Apache-2.0
// Writes the gnuplot programs.
#include "sim/report/study_plot.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "sim/report/gnuplot.hpp"

namespace brownout::report {

namespace {

using study::Cell;
using study::RowResult;
using study::StudyResult;

// Okabe and Ito's colours, told apart by colour-blind eyes too.
constexpr std::array<const char*, 7> kColours{"#0072b2", "#e69f00", "#009e73", "#cc3311",
                                              "#cc79a7", "#56b4e9", "#332288"};
constexpr char kGrey[] = "#8a8f98";
constexpr int kPanelHeight = 460;

const char* colour(std::size_t index) { return kColours[index % kColours.size()]; }
/// Rows beyond the colours are told apart by their dashes.
int dashes(std::size_t index) { return 1 + static_cast<int>(index / kColours.size()); }

std::string head(const std::string& output, int width, int height) {
  return fmt::format(
      "# Made by brownout study; gnuplot 5.4 or later.\n"
      "if (!exists('output_file')) output_file = {}\n"
      "set terminal svg size {},{} dynamic font 'Helvetica,14' background rgb 'white'\n"
      "set output output_file\nset encoding utf8\n"
      "set border 3 lw 1 lc rgb '{}'\n"
      "set grid xtics ytics lw 0.6 lc rgb '#e4e6ea'\n"
      "set tics nomirror textcolor rgb 'black'\n",
      gnuplot_quoted(output), width, height, kGrey);
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

std::string panel(const StudyResult& result, const study::EvaluationNote& note,
                  std::size_t number) {
  const double factor = note.axis == "voltage" ? 1.0 : 100.0;
  std::string blocks, plots;
  bool positive = true;
  for (std::size_t i = 0; i < result.rows.size(); ++i) {
    const RowResult& row = result.rows[i];
    const std::vector<const Cell*> curve = curve_of(row, note.name);
    if (curve.empty()) continue;
    const std::string name = fmt::format("$curve{}_{}", number, i);
    bool published = false;
    blocks += name + " << EOD\n";
    for (const Cell* cell : curve) {
      const double deviation = cell->spread.std.value_or(0.0);
      positive = positive && *cell->header.at > 0.0;
      published = published || cell->published;
      blocks +=
          fmt::format("{} {} {} {} {}\n", factor * *cell->header.at, cell->spread.mean,
                      std::max(cell->spread.mean - deviation, 0.0), cell->spread.mean + deviation,
                      cell->published ? fmt::format("{}", *cell->published) : "NaN");
    }
    blocks += "EOD\n";
    plots += fmt::format(
        "  {0} using 1:3:4 with filledcurves fs solid 0.12 noborder lc rgb '{1}' notitle, \\\n"
        "  {0} using 1:2 with linespoints lw 2 dt {2} pt 7 ps 0.6 lc rgb '{1}' title {3} "
        "noenhanced, "
        "\\\n",
        name, colour(i), dashes(i), gnuplot_quoted(row.name));
    if (published) {
      plots +=
          fmt::format("  {} using 1:5 with points pt 6 ps 0.9 lw 1.5 lc rgb '{}' notitle, \\\n",
                      name, colour(i));
    }
  }
  if (plots.empty()) return "";
  plots.erase(plots.rfind(", \\\n"));
  return blocks +
         fmt::format(
             "set title {} noenhanced\nset xlabel {}\nset ylabel 'error, %'\n{}"
             "set yrange [0:*]\nset key outside right top vertical Left reverse samplen 2\n"
             "plot \\\n{}\n",
             gnuplot_quoted(fmt::format("{}: {} (band: ± one standard deviation{})", result.title,
                                        note.name,
                                        plots.find("using 1:5") == std::string::npos
                                            ? ""
                                            : "; rings: " + result.published_title)),
             note.axis == "voltage" ? "'supply voltage, V / Vmin'"
             : note.axis == "rate"  ? "'bit error rate, %'"
                                    : "'noise, % of the range'",
             positive && note.axis == "rate" ? "set logscale x\n" : "unset logscale x\n", plots);
}

}  // namespace

std::string study_script(const StudyResult& result, const std::string& output) {
  std::vector<std::string> panels;
  for (std::size_t e = 0; e < result.evaluations.size(); ++e) {
    const study::EvaluationNote& note = result.evaluations[e];
    const bool drawn = std::any_of(result.rows.begin(), result.rows.end(), [&](const auto& row) {
      return curve_of(row, note.name).size() > 1;
    });
    if (note.axis.empty() || !drawn) continue;
    panels.push_back(panel(result, note, e));
  }
  if (panels.empty()) return "";
  const int count = static_cast<int>(panels.size());
  std::string text = head(output, 1000, kPanelHeight * count);
  text += fmt::format("set multiplot layout {},1\n", count);
  for (const std::string& one : panels) text += one;
  return text + "unset multiplot\n";
}

std::string histograms_script(const StudyResult& result, const std::string& output) {
  std::string text;
  int lines = 0;
  std::size_t number = 0;
  for (const RowResult& row : result.rows) {
    for (std::size_t k = 0; k < row.histograms.size(); ++k) {
      const std::vector<study::NamedHistogram>& list = row.histograms[k];
      if (list.empty()) continue;
      ++lines;
      for (const char* of : {"logits", "confidences", "weights"}) {
        std::string plots;
        for (const study::NamedHistogram& entry : list) {
          if (entry.of != of) continue;
          const study::Histogram& bins = entry.histogram;
          const double width = (bins.high - bins.low) / static_cast<double>(bins.counts.size());
          double total = 0.0;
          for (const std::int64_t count : bins.counts) total += static_cast<double>(count);
          text += fmt::format("$bins{} << EOD\n", number);
          for (std::size_t i = 0; i < bins.counts.size(); ++i) {
            text += fmt::format("{} {}\n", bins.low + width * (static_cast<double>(i) + 0.5),
                                100.0 * static_cast<double>(bins.counts[i]) / std::max(total, 1.0));
          }
          text += "EOD\n";
          plots += fmt::format("{}$bins{} using 1:2 with steps lw 1.8 lc rgb '{}' title {}",
                               plots.empty() ? "plot " : ", ", number,
                               entry.when == "clean" ? kColours[0] : kColours[3],
                               gnuplot_quoted(entry.when));
          ++number;
        }
        text += fmt::format(
            "set title {} noenhanced\nset ylabel 'share, %'\nset yrange [0:*]\n"
            "set xlabel {}\nset key top right\n{}\n",
            gnuplot_quoted(row.name), gnuplot_quoted(of), plots);
      }
    }
  }
  if (lines == 0) return "";
  return head(output, 1300, 320 * lines) + fmt::format("set multiplot layout {},3\n", lines) +
         text + "unset multiplot\n";
}

std::optional<std::string> draw_study(const StudyResult& result,
                                      const std::filesystem::path& folder) {
  for (const auto& [script, name] :
       {std::pair{study_script(result, "study.svg"), "study.svg"},
        std::pair{histograms_script(result, "histograms.svg"), "histograms.svg"}}) {
    if (script.empty()) continue;
    if (auto problem = draw_with_gnuplot(script, folder / name)) return problem;
  }
  return std::nullopt;
}

}  // namespace brownout::report
