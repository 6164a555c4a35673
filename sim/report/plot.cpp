// SPDX-License-Identifier: Apache-2.0
// Writes the gnuplot program and its data.
#include "sim/report/plot.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "sim/base/error.hpp"
#include "sim/base/text.hpp"
#include "sim/report/gnuplot.hpp"
#include "sim/report/mitigation_report.hpp"
#include "sim/report/names.hpp"
#include "sim/report/precision_report.hpp"
#include "sim/report/safe_voltage_report.hpp"
#include "sim/results/energy_groups.hpp"
#include "sim/results/steps.hpp"

namespace brownout::report {

namespace fs = std::filesystem;

namespace {

/// Underscores and similar characters are plain text in titles.
std::string title(const std::string& text) { return gnuplot_quoted(text) + " noenhanced"; }

using PointList = std::vector<const results::Point*>;

PointList points_of(const std::vector<results::Point>& points, const std::string& model) {
  PointList list;
  for (const results::Point& point : points) {
    if (point.model == model) list.push_back(&point);
  }
  return list;
}

/// Voltage, mean, low and high end of the band. A log axis needs values above 0. For a chip with
/// steps, a point is drawn as wide as the range in which its result holds.
std::string curve_rows(PointList points, double floor, const std::vector<double>& steps = {}) {
  std::sort(points.begin(), points.end(), [](const results::Point* a, const results::Point* b) {
    return *a->voltage < *b->voltage;
  });
  std::string text;
  std::vector<double> drawn;
  for (const results::Point* point : points) {
    const double half = point->rerr.std.value_or(0.0);
    const std::vector<double> ends = results::ends_of_step(*point->voltage, steps);
    if (ends == drawn) continue;  // two voltages of one step
    drawn = ends;
    for (const double voltage : ends) {
      text += fmt::format("{} {} {} {}\n", voltage, std::max(point->rerr.mean, floor),
                          std::max(point->rerr.mean - half, floor),
                          std::max(point->rerr.mean + half, floor));
    }
  }
  return text;
}

struct Frame {
  double voltage_low, voltage_high;
  double error_low, error_high;  // percent
};

Frame frame_of(const results::SweepResult& result) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  Frame frame{kInfinity, -kInfinity, kInfinity, 0.0};
  for (const results::Point& point : result.points) {
    frame.voltage_low = std::min(frame.voltage_low, *point.voltage);
    frame.voltage_high = std::max(frame.voltage_high, *point.voltage);
    if (point.rerr.mean > 0) frame.error_low = std::min(frame.error_low, point.rerr.mean);
    frame.error_high = std::max(frame.error_high, point.rerr.mean);
  }
  if (frame.voltage_low == frame.voltage_high) {
    frame.voltage_low -= 0.01;
    frame.voltage_high += 0.01;
  }
  if (!std::isfinite(frame.error_low)) frame.error_low = 1.0;
  frame.error_low *= 0.7;
  frame.error_high = 100.0;
  return frame;
}

std::string head(const results::SweepResult& result, const Frame& frame) {
  const results::Point& first = result.points.front();
  std::string text;
  if (first.energy) text += "set multiplot layout 2,1\n";
  const std::string chips =
      first.precision ? population_text(first) : chips_title(first.chips, result.chip_note);
  const std::string below =
      first.precision
          ? fmt::format(
                "means known to {:g} points or to the chips that were allowed, for these "
                "images",
                first.precision->target.half_width_points)
          : "lowest safe V: " + safe_voltage_condition(result.safe);
  text +=
      fmt::format("set title {}.\"\\n\".{} noenhanced font ',16'\n",
                  gnuplot_quoted(fmt::format("{} (band: ± one standard deviation), {}, {}", chips,
                                             counted(first.images, "image"), result.technology)),
                  gnuplot_quoted(below));
  text += fmt::format(
      "set border 11 lw 1 lc rgb '{0}'\n"
      "set grid xtics ytics lw 0.6 lc rgb '#e4e6ea'\n"
      "set tics nomirror textcolor rgb 'black'\n"
      "set xlabel 'supply voltage, V / Vmin' offset 0,0.2\n"
      "set ylabel 'test error with bit errors (RErr), %'\n"
      "set y2label 'energy, relative to Vmin' textcolor rgb '{0}'\n"
      "set format x '%.2f'\n"
      "set logscale y\n"
      "set ytics (1, 2, 3, 5, 7, 10, 15, 20, 30, 50, 70, 100)\n"
      "set y2tics 0.1 textcolor rgb '{0}'\n"
      "set format y2 '%.1f'\n",
      kGrey);
  const double margin = 0.02 * (frame.voltage_high - frame.voltage_low);
  text += fmt::format(
      "set xrange [{}:{}]\n"
      "set yrange [{}:{}]\n"
      "set y2range [0:1.05]\n"
      "set key outside below center horizontal Left reverse samplen 2 width 1 spacing 1.35\n",
      frame.voltage_low - margin, frame.voltage_high + margin, frame.error_low,
      frame.error_high * 1.05);
  return text;
}

/// One bar of the lower panel: its place, its label, and the heights up to each part.
std::string bar_row(double x, const results::Point& point) {
  std::string row = fmt::format("{} {:.4f}", x, *point.voltage);
  double sum = 0.0;
  for (const results::EnergyGroup& group : results::energy_groups()) {
    sum += group.uj(*point.energy);
    row += fmt::format(" {}", sum);
  }
  return row + "\n";
}

/// The lower panel: energy per image by component, a group of bars for each network, a bar for each
/// voltage of the grid.
std::string energy_panel(const results::SweepResult& result, const ShortNames& names,
                         Drawing& drawing) {
  std::string rows, labels;
  double x = 0.0;
  for (std::size_t m = 0; m < result.models.size(); ++m) {
    const double begin = x;
    for (const results::Point* point : points_of(result.points, result.models[m].name)) {
      rows += bar_row(x, *point);
      x += 1.0;
    }
    labels += fmt::format("set label {} at {}, graph 1.03 center {} noenhanced\n", m + 1,
                          (begin + x - 1.0) / 2, gnuplot_quoted(names.names[m]));
    x += 1.0;
  }
  const std::string parts = drawing.block(rows);
  std::string text = fmt::format(
      "set title {} noenhanced font ',16' offset 0,0.6\n"
      "unset logscale y\nunset y2tics\nunset y2label\n"
      "set border 3 lw 1 lc rgb '{}'\n"
      "set yrange [0:*]\nset ytics autofreq\n"
      "set ylabel 'energy per image, uJ'\n"
      "set xrange [-1:{}]\nset xtics rotate by 90 right font ',11'\n"
      "unset grid\nset grid ytics lw 0.6 lc rgb '#e4e6ea'\n"
      "set boxwidth 0.8\nset style fill solid 1.0 noborder\n{}"
      "plot \\\n",
      gnuplot_quoted("energy of an inference on " + result.accelerator), kGrey, x - 0.5, labels);
  // The tallest box is drawn first: each box hides the lower part of the previous one.
  for (std::size_t k = kGroupColours.size(); k-- > 0;) {
    text +=
        fmt::format("  {} using 1:{}:xtic(2) with boxes lc rgb '{}' title '{}'{}\n", parts, k + 3,
                    kGroupColours[k], results::energy_groups()[k].name, k == 0 ? "" : ", \\");
  }
  return text;
}

/// The energies of the first network on the second axis.
std::string energy_curves(const results::SweepResult& result, const std::string& model,
                          Drawing& drawing) {
  std::string rows;
  PointList energy = points_of(result.points, model);
  std::reverse(energy.begin(), energy.end());
  for (const results::Point* point : energy) {
    rows += fmt::format("{} {}", *point->voltage, *point->energy_sram_rel);
    rows += point->energy_rel ? fmt::format(" {}\n", *point->energy_rel) : "\n";
  }
  const std::string block = drawing.block(rows);
  std::string text = fmt::format(
      "  {} using 1:2 axes x1y2 with lines lw 1.6 dt (8,5) lc rgb '{}' title 'energy of a weight "
      "access', \\\n",
      block, kGrey);
  if (result.points.front().energy_rel) {
    text += fmt::format(
        "  {} using 1:3 axes x1y2 with lines lw 1.6 dt (2,4) lc rgb '{}' title 'all energy of an "
        "inference', \\\n",
        block, kGrey);
  }
  return text;
}

/// A mark where the safe voltage lies; "" where there is none.
std::string safe_mark(const results::SafeVoltageRow& row, double floor, const char* colour,
                      Drawing& drawing) {
  if (!row.voltage) return "";
  const std::string point =
      drawing.block(fmt::format("{} {}\n", *row.voltage, std::max(row.stated->rerr_mean, floor)));
  return fmt::format(
      "  {0} using 1:2 with points pt 13 ps 1.35 lc rgb 'white' notitle, \\\n"
      "  {0} using 1:2 with points pt 13 ps 1.0 lc rgb '{1}' notitle, \\\n",
      point, colour);
}

}  // namespace

Drawing sweep_drawing(const results::SweepResult& result, const fs::path& picture) {
  const Frame frame = frame_of(result);
  const std::vector<std::string> models = result.model_names();
  const ShortNames names = short_names(models);

  const bool energies = result.points.front().energy.has_value();
  Drawing drawing("sweep", picture, 900, energies ? 1000 : 560, 15);
  std::string& text = drawing.program;
  text += head(result, frame);
  std::string bands, lines, marks, safe;
  for (std::size_t i = 0; i < models.size(); ++i) {
    const PointList grid = points_of(result.points, models[i]);
    PointList all = grid;
    if (result.steps.empty()) {
      const PointList extra = points_of(result.extra_points, models[i]);
      all.insert(all.end(), extra.begin(), extra.end());
    }
    const std::string curve = drawing.block(curve_rows(all, frame.error_low, result.steps));
    const std::string dots = drawing.block(curve_rows(grid, frame.error_low));
    const char* colour = kColours[i % kColours.size()];
    bands += fmt::format(
        "  {} using 1:3:4 with filledcurves fs solid 0.18 noborder lc rgb '{}' notitle, \\\n",
        curve, colour);
    lines +=
        fmt::format("  {} using 1:2 with lines lw 2.2 lc rgb '{}' notitle, \\\n", curve, colour);
    marks += fmt::format(
        "  {0} using 1:2 with linespoints lw 0 pt 7 ps 0.6 lc rgb '{1}' notitle, \\\n"
        "  NaN with linespoints lw 2.2 pt 7 ps 0.6 lc rgb '{1}' title {2}, \\\n",
        dots, colour, title(names.names[i]));
    if (result.safe_voltage.empty()) continue;  // not searched
    safe += safe_mark(result.safe_voltage[i], frame.error_low, colour, drawing);
  }
  text += "plot \\\n" + energy_curves(result, models[0], drawing);
  text += bands + lines + marks + safe;
  text += result.safe_voltage.empty()
              ? "  NaN with points notitle\n"
              : "  NaN with points pt 13 ps 1.0 lc rgb 'black' title 'lowest safe V'\n";
  if (energies) text += energy_panel(result, names, drawing) + "unset multiplot\n";
  return drawing;
}

std::optional<std::string> draw_plot(const results::SweepResult& result, const fs::path& file) {
  // A grid is drawn on the first of its accelerators.
  if (result.accelerators.size() > 1) return draw_plot(result.by_accelerator().front(), file);
  if (result.by_rate) {
    const auto any = [](const results::Point& point) { return point.rate > 0.0; };
    if (std::none_of(result.points.begin(), result.points.end(), any)) {
      return "no plot: its axis of rates is logarithmic, and no rate is above 0";
    }
    return draw_with_gnuplot(rates_drawing(result, file), file);
  }
  const auto draw = result.mitigations.size() > 1 ? mitigation_drawing : sweep_drawing;
  return draw_with_gnuplot(draw(result, file), file);
}

}  // namespace brownout::report
