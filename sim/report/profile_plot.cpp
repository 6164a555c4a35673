// SPDX-License-Identifier: Apache-2.0
// The data are written beside the programs, so that a picture can be drawn again without its
// profile.
#include "sim/report/profile_plot.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <functional>
#include <nlohmann/json.hpp>

#include "sim/base/error.hpp"
#include "sim/base/text.hpp"
#include "sim/report/gnuplot.hpp"
#include "sim/report/profile_report.hpp"

namespace brownout::report {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

namespace {

constexpr int kMostPixels = 512;

/// A panel and the probability it shows.
struct Panel {
  const char* title;
  float (*value)(const profiles::ProfileCell&);
};
constexpr std::array<Panel, 4> kPanels{{
    {"all errors", [](const profiles::ProfileCell& cell) { return std::max(cell.p01, cell.p10); }},
    {"0→1", [](const profiles::ProfileCell& cell) { return cell.p01; }},
    {"1→0", [](const profiles::ProfileCell& cell) { return cell.p10; }},
    {"persistent",
     [](const profiles::ProfileCell& cell) {
       const float p = std::max(cell.p01, cell.p10);
       return p >= profiles::kPersistentProbability ? p : 0.0f;
     }},
}};

/// Cells a pixel covers along one side.
int block_of(int cells) { return (cells + kMostPixels - 1) / kMostPixels; }

}  // namespace

Drawing map_drawing(const profiles::Profile& profile, const MapWindow& window,
                    const fs::path& picture) {
  const profiles::ProfileLevel& level = profile.levels.at(window.level);
  const int rows = window.row_last - window.row_first;
  const int columns = window.column_last - window.column_first;
  BROWNOUT_CHECK(rows > 0 && columns > 0 && window.row_last <= profile.rows &&
                     window.column_last <= profile.columns && window.array < profile.arrays,
                 "rows {}:{}, columns {}:{}, array {}", window.row_first, window.row_last,
                 window.column_first, window.column_last, window.array);
  const int high = block_of(rows), wide = block_of(columns);
  const int pixel_rows = (rows + high - 1) / high, pixel_columns = (columns + wide - 1) / wide;

  // Panels beside each other for tall windows, two by two for wide ones.
  const bool tall = pixel_rows >= pixel_columns;
  Drawing drawing("profile plot", picture, tall ? 1400 : 1200, tall ? 640 : 900, 13);
  std::string& text = drawing.program;
  text += fmt::format(
      "set multiplot layout {} margins {} title {} noenhanced font ',14'\n", tall ? "1,4" : "2,2",
      tall ? "0.06,0.91,0.12,0.86 spacing 0.045,0.1" : "0.07,0.89,0.09,0.89 spacing 0.06,0.13",
      gnuplot_quoted(fmt::format("{}, array {}, {} Vmin{}", profile_title(profile), window.array,
                                 voltage_text(level.voltage),
                                 high * wide == 1
                                     ? std::string()
                                     : fmt::format("; a pixel is the highest probability of "
                                                   "{}×{} cells",
                                                   high, wide))));
  text += fmt::format(
      "set palette defined (0 '#c6dbef', 0.25 '#6baed6', 0.6 '#2171b5', "
      "1 '#08204a')\n"
      "set cbrange [0:1]\n"
      "set xrange [{}:{}]\n"
      "set yrange [{}:{}]\n"
      "set xlabel 'column'\nset ylabel 'row'\n"
      "set tics out nomirror\n"
      "set border lw 0.8 lc rgb '{}'\n"
      "set cblabel 'probability of an error'\n"
      "set object 1 rectangle from graph 0,0 to graph 1,1 behind fc rgb '#f4f5f7' fs solid "
      "noborder\n"
      "unset colorbox\n"
      "unset key\n",
      window.column_first - 0.5, window.column_last - 0.5, window.row_last - 0.5,
      window.row_first - 0.5, kGrey);

  const auto array_cells =
      static_cast<std::uint64_t>(profile.rows) * static_cast<std::uint64_t>(profile.columns);
  const std::uint64_t first =
      static_cast<std::uint64_t>(window.array) * array_cells +
      static_cast<std::uint64_t>(window.row_first) * static_cast<std::uint64_t>(profile.columns);
  const auto begin = std::lower_bound(
      level.cells.begin(), level.cells.end(), first,
      [](const profiles::ProfileCell& cell, std::uint64_t number) { return cell.cell < number; });
  std::vector<std::string> blocks;
  for (const Panel& panel : kPanels) {
    std::vector<float> pixels(static_cast<std::size_t>(pixel_rows * pixel_columns), 0.0f);
    for (auto cell = begin; cell != level.cells.end(); ++cell) {
      const std::uint64_t place =
          cell->cell - static_cast<std::uint64_t>(window.array) * array_cells;
      const std::uint64_t row = place / static_cast<std::uint64_t>(profile.columns);
      if (row >= static_cast<std::uint64_t>(window.row_last)) break;
      const int column = static_cast<int>(place % static_cast<std::uint64_t>(profile.columns));
      if (column < window.column_first || column >= window.column_last) continue;
      const int y = (static_cast<int>(row) - window.row_first) / high;
      const int x = (column - window.column_first) / wide;
      float& pixel = pixels[static_cast<std::size_t>(y * pixel_columns + x)];
      pixel = std::max(pixel, panel.value(*cell));
    }
    // Healthy pixels are the background, so that the cost of a picture follows the number of
    // errors.
    std::string lines;
    for (int y = 0; y < pixel_rows; ++y) {
      for (int x = 0; x < pixel_columns; ++x) {
        const float p = pixels[static_cast<std::size_t>(y * pixel_columns + x)];
        if (p <= 0.0f) continue;
        lines += fmt::format("{} {} {:.4g}\n", window.column_first + 0.5 * (wide - 1) + x * wide,
                             window.row_first + 0.5 * (high - 1) + y * high, p);
      }
    }
    blocks.push_back(drawing.block(lines));
  }
  for (std::size_t i = 0; i < kPanels.size(); ++i) {
    if (i + 1 == kPanels.size()) text += "set colorbox\n";
    // NaN: a panel without errors must be drawn as well.
    text += fmt::format(
        "set title '{}'\n"
        "plot NaN, {} using 1:2:({}):({}):3 with boxxyerror lc palette fs solid noborder\n",
        kPanels[i].title, blocks[i], 0.5 * wide, 0.5 * high);
    if (tall) text += "unset ylabel\n";
  }
  text += "unset multiplot\n";
  return drawing;
}

Drawing ber_drawing(const profiles::Profile& profile,
                    const std::vector<profiles::LevelStatistics>& levels,
                    const profiles::ProfileFit& fit, const fs::path& picture) {
  double low = levels.front().voltage, high = levels.back().voltage;
  const double margin = high > low ? 0.05 * (high - low) : 0.01;
  low -= margin;
  high += margin;
  double least = 1.0;
  for (const profiles::LevelStatistics& level : levels) {
    for (const double rate : {level.p, level.p01, level.p10, level.persistent}) {
      if (rate > 0.0) least = std::min(least, rate);
    }
  }
  Drawing drawing("profile plot", picture, 900, 600, 13);
  std::string& text = drawing.program;
  text += fmt::format(
      "set title {} noenhanced font ',14'\n"
      "set border 3 lw 1 lc rgb '{}'\n"
      "set grid xtics ytics lw 0.6 lc rgb '#e4e6ea'\n"
      "set tics nomirror textcolor rgb 'black'\n"
      "set xlabel 'supply voltage, V / Vmin'\n"
      "set ylabel 'bit error rate'\n"
      "set logscale y\nset format y '10^{{%T}}'\n"
      "set xrange [{}:{}]\nset yrange [{}:1]\n"
      "set key top right Left reverse samplen 2\n",
      gnuplot_quoted(profile_title(profile)), kGrey, low, high, 0.3 * least);

  struct Curve {
    const char* title;
    const char* colour;
    std::function<double(const profiles::LevelStatistics&)> observed;
    std::function<std::optional<double>(double)> fitted;
  };
  const bool both = (fit.up || fit.points.front().observed01 == 0.0) &&
                    (fit.down || fit.points.front().observed10 == 0.0) && (fit.up || fit.down);
  const std::array<Curve, 4> curves{{
      {"all errors", "#000000", [](const auto& level) { return level.p; },
       [&](double v) -> std::optional<double> {
         if (!both) return std::nullopt;
         return fit.rate01(v).value_or(0.0) + fit.rate10(v).value_or(0.0);
       }},
      {"0→1", "#0072b2", [](const auto& level) { return level.p01; },
       [&](double v) { return fit.rate01(v); }},
      {"1→0", "#cc3311", [](const auto& level) { return level.p10; },
       [&](double v) { return fit.rate10(v); }},
      {"persistent", kGrey, [](const auto& level) { return level.persistent; },
       [](double) -> std::optional<double> { return std::nullopt; }},
  }};
  constexpr int kSteps = 200;
  std::string plot;
  const auto add = [&plot](const std::string& part) {
    plot += (plot.empty() ? "plot \\\n  " : ", \\\n  ") + part;
  };
  for (const Curve& curve : curves) {
    std::string points, line;
    for (const profiles::LevelStatistics& level : levels) {
      if (curve.observed(level) <= 0.0) continue;  // nothing to show on a log axis
      points += fmt::format("{} {}\n", level.voltage, curve.observed(level));
    }
    for (int i = 0; i <= kSteps; ++i) {
      const double voltage = low + i * (high - low) / kSteps;
      const std::optional<double> rate = curve.fitted(voltage);
      if (rate && *rate > 0.0) line += fmt::format("{} {}\n", voltage, *rate);
    }
    if (!line.empty()) {
      add(fmt::format("{} using 1:2 with lines lw 1.8 lc rgb '{}' title '{}, fit'",
                      drawing.block(line), curve.colour, curve.title));
    }
    if (!points.empty()) {
      add(fmt::format("{} using 1:2 with points pt 7 ps 0.8 lc rgb '{}' title '{}'",
                      drawing.block(points), curve.colour, curve.title));
    }
  }
  if (plot.empty()) add("NaN title 'no errors at any voltage'");
  text += plot + "\n";
  return drawing;
}

std::string plot_json(const profiles::Profile& profile, const std::optional<MapWindow>& window,
                      const fs::path& output) {
  Json json = {{"name", profile.name},
               {"synthetic", profile.synthetic},
               {"picture", output.string()},
               {"kind", window ? "map" : "ber"}};
  if (window) {
    json["voltage"] = profile.levels.at(window->level).voltage;
    json["array"] = window->array;
    json["rows"] = {window->row_first, window->row_last};
    json["columns"] = {window->column_first, window->column_last};
  }
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace brownout::report
