// SPDX-License-Identifier: Apache-2.0
// Error against energy: a curve over the voltages for each mitigation, and the front of all of
// them.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "sim/base/text.hpp"
#include "sim/report/gnuplot.hpp"
#include "sim/report/mitigation_report.hpp"
#include "sim/report/names.hpp"

namespace brownout::report {

namespace {

// Okabe and Ito's colours, which colour-blind people can distinguish as well; when they repeat, the
// symbols differ.
constexpr std::array<const char*, 7> kMitigationColours{"#555555", "#0072b2", "#e69f00", "#009e73",
                                                        "#cc3311", "#cc79a7", "#56b4e9"};
constexpr std::array<int, 3> kSymbols{7, 5, 9};
constexpr double kFloor = 0.1;  // percent: a log axis wants errors above 0

double energy_of(const results::Point& point) {
  return point.energy ? point.energy->total() : *point.energy_sram_rel;
}

double error_of(const results::Point& point) { return std::max(point.rerr.mean, kFloor); }

using PointList = std::vector<const results::Point*>;

PointList points_of(const results::SweepResult& result, const std::string& model,
                    const std::string& mitigation) {
  PointList list;
  for (const results::Point& point : result.points) {
    if (point.model == model && (mitigation.empty() || point.mitigation == mitigation))
      list.push_back(&point);
  }
  return list;
}

PointList points_at(const results::SweepResult& result, const std::vector<std::size_t>& indices) {
  PointList list;
  for (const std::size_t i : indices) list.push_back(&result.points[i]);
  return list;
}

std::string rows_of(const PointList& points) {
  std::string text;
  for (const results::Point* point : points) {
    text += fmt::format("{} {}\n", energy_of(*point), error_of(*point));
  }
  return text;
}

/// "secded (area 1.110, cycles +0.2 %)".
std::string label(const std::string& name, const results::Point& point,
                  const results::Point& first) {
  std::string costs = fmt::format("area {:.3f}", point.weight_area_rel.value_or(1.0));
  if (point.cycles && *point.cycles != *first.cycles) {
    costs += fmt::format(", cycles {:+.2f} %", 100.0 * (*point.cycles / *first.cycles - 1.0));
  }
  return fmt::format("{} ({})", name, costs);
}

}  // namespace

Drawing mitigation_drawing(const results::SweepResult& result,
                           const std::filesystem::path& picture) {
  const results::Point& first = result.points.front();
  const int panels = static_cast<int>(result.models.size());
  const std::vector<std::string> shown = shown_mitigations(result.mitigations);
  const ShortNames names = short_names(result.model_names());
  double lowest = 100.0;
  for (const results::Point& point : result.points) lowest = std::min(lowest, error_of(point));
  Drawing drawing("sweep", picture, 1350, 480 * panels, 15);
  std::string& text = drawing.program;
  text += fmt::format(
      "set multiplot layout {},1\n"
      "set border 3 lw 1 lc rgb '#8a8f98'\n"
      "set grid xtics ytics lw 0.6 lc rgb '#e4e6ea'\n"
      "set tics nomirror textcolor rgb 'black'\n"
      "set logscale y\nset ytics (0.1, 0.2, 0.5, 1, 2, 3, 5, 7, 10, 15, 20, 30, 50, 70, 100)\n"
      "set yrange [{}:105]\n"
      "set offsets graph 0.03, graph 0.03, 0, 0\n"
      "set xlabel {} noenhanced\n"
      "set ylabel 'test error with bit errors (RErr), %'\n"
      "set rmargin at screen 0.56\n"
      "set key at graph 1.02, graph 1 left top Left reverse samplen 2 spacing 1.2 noenhanced\n",
      panels, 0.8 * lowest,
      gnuplot_quoted(
          first.energy
              ? fmt::format("energy per image on {}, uJ", result.accelerator)
              : std::string("energy of a weight read, relative to an unprotected one at Vmin")));
  for (std::size_t m = 0; m < result.models.size(); ++m) {
    const std::string& model = result.models[m].name;
    text += fmt::format("set title {} noenhanced font ',16'\n",
                        gnuplot_quoted(fmt::format("{}, {}, {}", names.names[m],
                                                   chips_title(first.chips, result.chip_note),
                                                   counted(first.images, "image"))));
    std::string plots = fmt::format(
        "  {} using 1:2 with lines lw 5 lc rgb '#e8e2c8' title 'front of the two', \\\n",
        drawing.block(rows_of(points_at(result, result.fronts.energies[m]))));
    for (std::size_t k = 0; k < result.mitigations.size(); ++k) {
      const PointList points = points_of(result, model, result.mitigations[k]);
      plots += fmt::format(
          "  {} using 1:2 with linespoints lw 1.6 pt {} ps 0.8 lc rgb '{}' title {}{}\n",
          drawing.block(rows_of(points)), kSymbols[k / kMitigationColours.size() % kSymbols.size()],
          kMitigationColours[k % kMitigationColours.size()],
          gnuplot_quoted(label(shown[k], *points.front(), first)),
          k + 1 == result.mitigations.size() ? "" : ", \\");
    }
    text += "plot \\\n" + plots;
  }
  text += "unset multiplot\n";
  return drawing;
}

}  // namespace brownout::report
