// SPDX-License-Identifier: Apache-2.0
// Points lost against energy saved, in small panels: a row of them for each network, a panel for
// each mitigation, which stands out before all others.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <utility>

#include "sim/base/text.hpp"
#include "sim/report/gnuplot.hpp"
#include "sim/report/mitigation_report.hpp"
#include "sim/report/names.hpp"
#include "sim/report/precision_report.hpp"

namespace brownout::report {

namespace {

constexpr double kFloor = 0.1;  // points: a log axis wants losses above 0
constexpr int kMostColumns = 5;
constexpr int kPanelWidth = 270, kPanelHeight = 250, kHead = 70, kLeft = 40, kRight = 30;  // pixels
constexpr char kOthers[] = "#d9dce1", kUnprotected[] = "#555555", kThis[] = "#0072b2",
               kFront[] = "#f3e9c6";

/// Percent of all energy of an inference, or of a weight read if there is no accelerator.
double saved_of(const results::Point& point) {
  return 100.0 * (1.0 - (point.energy_rel ? *point.energy_rel : *point.energy_sram_rel));
}

double lost_of(const results::Point& point) { return std::max(point.drop(), kFloor); }

using PointList = std::vector<const results::Point*>;

PointList points_of(const results::SweepResult& result, const std::string& model,
                    const std::string& mitigation) {
  PointList list;
  for (const results::Point& point : result.points) {
    if (point.model == model && point.mitigation == mitigation) list.push_back(&point);
  }
  return list;
}

/// Energy saved, points lost, voltage.
std::string rows_of(const PointList& points) {
  std::string text;
  for (const results::Point* point : points) {
    text += fmt::format("{} {} {:.3f}\n", saved_of(*point), lost_of(*point), *point->voltage);
  }
  return text;
}

/// "area 1.110, cycles +0.2 %".
std::string cost_text(const results::Point& point, const results::Point& first) {
  std::string costs = fmt::format("area {:.3f}", point.weight_area_rel.value_or(1.0));
  if (point.cycles && *point.cycles != *first.cycles) {
    costs += fmt::format(", cycles {:+.2f} %", 100.0 * (*point.cycles / *first.cycles - 1.0));
  }
  return costs;
}

/// The number 1, 2 or 5 times a power of ten at or above a distance.
double tick_step(double distance) {
  const double power = std::pow(10.0, std::floor(std::log10(std::max(distance, 1e-6))));
  for (const double step : {1.0, 2.0, 5.0}) {
    if (step * power >= distance) return step * power;
  }
  return 10.0 * power;
}

/// The axes, which all panels share.
std::string frame_text(const results::SweepResult& result) {
  std::pair<double, double> saved{0.0, 0.0};
  double most = 1.0;
  for (const results::Point& point : result.points) {
    saved = {std::min(saved.first, saved_of(point)), std::max(saved.second, saved_of(point))};
    most = std::max(most, lost_of(point));
  }
  const double margin = 0.08 * std::max(saved.second - saved.first, 1e-3);
  return fmt::format(
      "set border 3 lw 1 lc rgb '{}'\n"
      "set grid xtics ytics lw 0.6 lc rgb '#e4e6ea'\n"
      "set tics nomirror textcolor rgb 'black'\n"
      "set logscale y\nset ytics ('0.1' 0.1, 0.3, 1, 3, 10, 30, 100)\n"
      "set yrange [{}:{}]\nset xrange [{}:{}]\nset xtics {}\n"
      "unset key\nset tmargin 3.2\nset bmargin 2.2\nset lmargin 5.5\nset rmargin 1.5\n",
      kGrey, 0.8 * kFloor, 1.6 * most, saved.first - margin, saved.second + 2.0 * margin,
      tick_step((saved.second - saved.first) / 4.0));
}

/// A network's curves, and which of them is the unprotected memory's; none if it was not measured.
struct Curves {
  std::vector<std::string> blocks;
  std::optional<std::size_t> unprotected;
  std::string front;  // of error and energy over all of them
};

/// One mitigation of one network before all others.
std::string panel_text(const Curves& curves, std::size_t k, const std::string& title,
                       const std::string& costs) {
  std::string text = fmt::format("set title {}.\"\\n\".{} noenhanced font ',12' offset 0,-0.4\n",
                                 gnuplot_quoted(title), gnuplot_quoted(costs));
  text += fmt::format("plot \\\n  {} using 1:2 with lines lw 6 lc rgb '{}', \\\n", curves.front,
                      kFront);
  for (std::size_t other = 0; other < curves.blocks.size(); ++other) {
    if (other == k || other == curves.unprotected) continue;
    text += fmt::format("  {} using 1:2 with lines lw 1.2 lc rgb '{}', \\\n", curves.blocks[other],
                        kOthers);
  }
  if (curves.unprotected) {
    text += fmt::format("  {} using 1:2 with linespoints lw 1.6 dt 2 pt 6 ps 0.5 lc rgb '{}', \\\n",
                        curves.blocks[*curves.unprotected], kUnprotected);
  }
  const char* colour = k == curves.unprotected ? kUnprotected : kThis;
  return text + fmt::format(
                    "  {0} using 1:2 with linespoints lw 2.2 pt 7 ps 0.7 lc rgb '{1}', \\\n"
                    "  {0} using 1:2:3 with labels left offset 0.6,0.4 font ',10' tc rgb '{1}'\n",
                    curves.blocks[k], colour);
}

/// Where the panels lie on the picture, in pixels from its upper left corner.
struct Layout {
  explicit Layout(const results::SweepResult& result)
      : panels(static_cast<int>(result.mitigations.size())),
        networks(static_cast<int>(result.models.size())),
        columns(std::min(panels, kMostColumns)),
        lines((panels + columns - 1) / columns),
        width(kLeft + kPanelWidth * columns + kRight),
        height(kHead + networks * (kHead + kPanelHeight * lines)) {}

  int top(int network) const { return kHead + network * (kHead + kPanelHeight * lines); }
  std::string on_screen(int x, int y) const {
    return fmt::format("{}, {}", static_cast<double>(x) / width,
                       1.0 - static_cast<double>(y) / height);
  }
  /// Its place and size as gnuplot takes them.
  std::string panel(int network, int k) const {
    return fmt::format("set origin {}\nset size {}, {}\n",
                       on_screen(kLeft + kPanelWidth * (k % columns),
                                 top(network) + kHead + kPanelHeight * (k / columns + 1)),
                       static_cast<double>(kPanelWidth) / width,
                       static_cast<double>(kPanelHeight) / height);
  }

  int panels, networks, columns, lines, width, height;
};

std::string label_text(int number, const std::string& text, const std::string& at, int size) {
  return fmt::format("set label {} {} at screen {} left noenhanced font ',{}'\n", number,
                     gnuplot_quoted(text), at, size);
}

/// What the axes are and how to read the panels.
std::string head_text(const results::SweepResult& result, const Layout& layout) {
  const results::Point& first = result.points.front();
  const std::string energy = first.energy
                                 ? "all energy of an inference on " + result.accelerator
                                 : std::string("the energy of an unprotected weight read at Vmin");
  return label_text(1,
                    "Points of error lost (0.1 or less at the bottom) against the percentage saved "
                    "of " +
                        energy,
                    layout.on_screen(kLeft, 24), 15) +
         label_text(2,
                    fmt::format("{}, {}; numbers are V / Vmin; grey: other mitigations; dashed: "
                                "none; broad: the front",
                                first.precision ? population_text(first)
                                                : chips_title(first.chips, result.chip_note),
                                counted(first.images, "image")),
                    layout.on_screen(kLeft, 50), 13);
}

}  // namespace

Drawing mitigation_drawing(const results::SweepResult& result,
                           const std::filesystem::path& picture) {
  const Layout layout(result);
  const std::vector<std::string> shown = shown_mitigations(result.mitigations);
  const ShortNames names = short_names(result.model_names());
  Drawing drawing("sweep", picture, layout.width, layout.height, 13);
  std::string& text = drawing.program;
  text += "set multiplot\n" + frame_text(result) + head_text(result, layout);
  for (int m = 0; m < layout.networks; ++m) {
    const std::string& model = result.models[static_cast<std::size_t>(m)].name;
    text += label_text(3, names.names[static_cast<std::size_t>(m)],
                       layout.on_screen(kLeft, layout.top(m) + 45), 15);
    Curves curves;
    PointList front;
    for (const std::size_t i : result.fronts.energies[static_cast<std::size_t>(m)]) {
      front.push_back(&result.points[i]);
    }
    curves.front = drawing.block(rows_of(front));
    for (const std::string& mitigation : result.mitigations) {
      if (mitigation == "none") curves.unprotected = curves.blocks.size();
      curves.blocks.push_back(drawing.block(rows_of(points_of(result, model, mitigation))));
    }
    for (int k = 0; k < layout.panels; ++k) {
      const auto index = static_cast<std::size_t>(k);
      const PointList own = points_of(result, model, result.mitigations[index]);
      if (own.empty()) continue;  // not measured on this network
      text += layout.panel(m, k);
      text +=
          panel_text(curves, index, shown[index], cost_text(*own.front(), result.points.front()));
      text += "unset label\n";  // they are written once
    }
  }
  text += "unset multiplot\n";
  return drawing;
}

}  // namespace brownout::report
