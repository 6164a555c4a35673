// SPDX-License-Identifier: Apache-2.0
// gnuplot programs with letters of 8 points, whatever the width.
#include "sim/report/figures.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "sim/report/gnuplot.hpp"
#include "sim/report/mitigation_report.hpp"
#include "sim/results/energy_groups.hpp"

namespace brownout::report {

namespace {

namespace fs = std::filesystem;

struct Width {
  const char* name;
  double inches;
  std::size_t voltages;  // bars of one network
};
constexpr std::array<Width, 2> kWidths{{{"one-column", 3.5, 3}, {"two-columns", 7.2, 7}}};
constexpr std::array<const char*, 2> kFormats{".svg", ".pdf"};
constexpr std::array<const char*, 7> kDashes{"1", "'-'", "'.'", "'_'", "'-.'", "'_.'", "'..'"};
constexpr std::array<int, 7> kPoints{7, 5, 9, 13, 11, 4, 8};  // of gnuplot's shapes

/// A network with a mitigation, and its points by rising voltage or rate.
struct FigureCurve {
  std::string label, colour, dash;
  int shape = 7;
  std::vector<const results::StoredPoint*> points;
};

std::vector<FigureCurve> curves_of(const SweepPage& page) {
  const std::vector<std::string> shown = shown_mitigations(page.mitigations);
  std::vector<FigureCurve> curves;
  for (std::size_t n = 0; n < page.networks.size(); ++n) {
    const PageNetwork& network = page.networks[n];
    for (std::size_t m = 0; m < shown.size(); ++m) {
      FigureCurve curve;
      curve.label = network.label + (shown.size() > 1 ? ", " + shown[m] : "");
      curve.colour = kColours[n % kColours.size()];
      curve.dash = kDashes[(m + n / kColours.size()) % kDashes.size()];
      curve.shape = kPoints[m % kPoints.size()];
      for (const results::StoredPoint& point : page.sweeps[network.sweep].points) {
        if (point.model == network.model && point.mitigation == page.mitigations[m]) {
          curve.points.push_back(&point);
        }
      }
      if (curve.points.empty()) continue;
      std::sort(curve.points.begin(), curve.points.end(),
                [](const auto* a, const auto* b) { return a->level() < b->level(); });
      curves.push_back(std::move(curve));
    }
  }
  return curves;
}

/// Half an image: what stands for zero on a logarithmic axis.
double least_shown(const results::StoredPoint& point) {
  return 50.0 / static_cast<double>(point.images);
}

constexpr double kLetterInches = 0.066, kSampleInches = 0.5, kKeyInches = 0.155;

/// Columns of a key, so that its longest entry fits.
std::size_t key_columns(const std::vector<std::string>& entries, const Width& width) {
  std::size_t longest = 1;
  for (const std::string& entry : entries) longest = std::max(longest, entry.size());
  const double entry_inches = kSampleInches + kLetterInches * static_cast<double>(longest);
  return std::clamp<std::size_t>(static_cast<std::size_t>(width.inches / entry_inches), 1, 4);
}

double key_inches(const std::vector<std::string>& entries, const Width& width) {
  const std::size_t columns = key_columns(entries, width);
  return kKeyInches * static_cast<double>((entries.size() + columns - 1) / columns);
}

/// Curves that the figure tells apart by number, because their names do not fit.
bool are_numbered(const std::vector<FigureCurve>& curves, const Width& width) {
  double longest = 0.0;
  for (const FigureCurve& curve : curves) {
    longest = std::max(longest, static_cast<double>(curve.label.size()));
  }
  return kLetterInches * (longest + 1.0) * static_cast<double>(curves.size()) > width.inches - 0.5;
}

std::string numbered(const std::vector<FigureCurve>& curves, std::size_t at) {
  return fmt::format("{}: {}", at + 1, curves[at].label);
}

std::vector<std::string> group_names() {
  std::vector<std::string> names;
  for (const results::EnergyGroup& group : results::energy_groups()) names.push_back(group.name);
  return names;
}

std::vector<std::string> curve_entries(const std::vector<FigureCurve>& curves, const Width& width,
                                       bool bars) {
  std::vector<std::string> entries;
  for (std::size_t i = 0; i < curves.size(); ++i) {
    if (!bars) entries.push_back(curves[i].label);
    if (bars && are_numbered(curves, width)) entries.push_back(numbered(curves, i));
  }
  return entries;
}

bool are_equal(const FigureCurve& a, const FigureCurve& b) {
  return std::equal(a.points.begin(), a.points.end(), b.points.begin(), b.points.end(),
                    [](const auto* one, const auto* other) {
                      return one->model == other->model && one->mitigation == other->mitigation &&
                             one->level() == other->level() && one->rerr_mean == other->rerr_mean &&
                             one->rerr_ci95 == other->rerr_ci95;
                    });
}

/// Accelerators that see the same errors have one curve.
std::vector<FigureCurve> distinct_curves(const SweepPage& page) {
  std::vector<FigureCurve> distinct;
  std::vector<int> more;
  for (FigureCurve& curve : curves_of(page)) {
    const auto same = std::find_if(distinct.begin(), distinct.end(),
                                   [&](const FigureCurve& one) { return are_equal(one, curve); });
    if (same != distinct.end()) {
      ++more[static_cast<std::size_t>(same - distinct.begin())];
      continue;
    }
    distinct.push_back(std::move(curve));
    more.push_back(0);
  }
  for (std::size_t i = 0; i < distinct.size(); ++i) {
    if (more[i] > 0) distinct[i].label += fmt::format(" (and {} equal)", more[i]);
  }
  return distinct;
}

/// A step of 1, 2 or 5 times a power of ten, so that about `count` tics lie in the range.
double tic_step(double low, double high, double count) {
  const double step = high > low ? (high - low) / count : std::max(high, 1e-9);
  const double power = std::pow(10.0, std::floor(std::log10(step)));
  for (const double digit : {1.0, 2.0, 5.0}) {
    if (digit * power >= step) return digit * power;
  }
  return 10.0 * power;
}

/// An axis that ends near the values.
std::string x_range(const std::vector<double>& values, const Width& width) {
  if (values.empty()) return "";
  const auto [low, high] = std::minmax_element(values.begin(), values.end());
  const double room = *high > *low ? 0.04 * (*high - *low) : std::max(0.01 * *high, 1e-9);
  return fmt::format("set xrange [{}:{}]\nset xtics {}\n", *low - room, *high + room,
                     tic_step(*low, *high, width.inches > 5.0 ? 8.0 : 4.0));
}

std::string frame_text(const std::vector<std::string>& entries, const Width& width) {
  const std::size_t columns = key_columns(entries, width);
  return fmt::format(
             "set border 3 lw 1 lc rgb '{0}'\nset grid xtics ytics lw 0.5 lc rgb '#e4e6ea'\n"
             "set tics nomirror textcolor rgb 'black' scale 0.6\n"
             "set key outside below center horizontal maxcols {1} samplen 1.5 spacing 1.1 width -1 "
             "Left reverse noenhanced\n",
             kGrey, columns) +
         (entries.size() < 2 ? "unset key\n" : "");
}

std::string error_axis(const std::vector<FigureCurve>& curves) {
  double low = 100.0;
  for (const FigureCurve& curve : curves) {
    for (const auto* point : curve.points) {
      low = std::min(low, std::max(point->rerr_mean, least_shown(*point)));
    }
  }
  return fmt::format(
      "set ylabel 'RErr, % of images' offset 1,0\nset logscale y\n"
      "set ytics (0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100)\nset yrange [{}:105]\n",
      0.8 * low);
}

void plot_all(const std::vector<std::string>& parts, Drawing& drawing) {
  drawing.program += "plot \\\n";
  for (std::size_t i = 0; i < parts.size(); ++i) {
    drawing.program += "  " + parts[i] + (i + 1 < parts.size() ? ", \\\n" : "\n");
  }
}

std::string curve_style(const FigureCurve& curve) {
  return fmt::format("lc rgb '{}' dt {} lw 1.6 pt {} ps 0.45", curve.colour, curve.dash,
                     curve.shape);
}

/// The axis of voltages, or the logarithmic one of rates in percent.
std::string level_axis(const SweepPage& page, const std::vector<FigureCurve>& curves,
                       const Width& width) {
  std::vector<double> levels;
  for (const FigureCurve& curve : curves) {
    for (const auto* point : curve.points) levels.push_back(point->level());
  }
  if (!by_rate(page)) {
    return x_range(levels, width) +
           "set xlabel \"supply voltage, V / Vmin\\n\"\nset format x '%.2f'\n";
  }
  levels.erase(std::remove(levels.begin(), levels.end(), 0.0), levels.end());
  std::string range;
  if (!levels.empty()) {
    const auto [low, high] = std::minmax_element(levels.begin(), levels.end());
    range = fmt::format("set xrange [{}:{}]\n", 100.0 * *low / 1.15, 100.0 * *high * 1.15);
  }
  return "set logscale x\n" + range +
         "set xlabel \"bit error rate of the weight memory, %\\n\"\nset format x '%g'\n";
}

/// Error against voltage or rate; bands are 95 % intervals over chips. A rate of 0 has no place on
/// its axis.
void error_figure(const SweepPage& page, const Width& width, Drawing& drawing) {
  const std::vector<FigureCurve> curves = distinct_curves(page);
  drawing.program += frame_text(curve_entries(curves, width, false), width) + error_axis(curves) +
                     level_axis(page, curves, width) +
                     "set style fill transparent solid 0.18 noborder\n";
  std::vector<std::string> bands, lines;
  for (const FigureCurve& curve : curves) {
    std::string rows;
    for (const auto* point : curve.points) {
      const double floor = least_shown(*point), mean = point->rerr_mean;
      const auto ends = point->rerr_ci95.value_or(std::array<double, 2>{mean, mean});
      if (!point->voltage && point->rate == 0.0) continue;
      const double x = point->voltage ? *point->voltage : 100.0 * point->rate;
      rows += fmt::format("{} {} {} {}\n", x, std::max(mean, floor), std::max(ends[0], floor),
                          std::max(ends[1], floor));
    }
    const std::string block = drawing.block(rows);
    bands.push_back(fmt::format("data_file {} using 1:3:4 with filledcurves lc rgb '{}' notitle",
                                block.substr(block.find("index")), curve.colour));
    lines.push_back(fmt::format("data_file {} using 1:2 with linespoints {} title {}",
                                block.substr(block.find("index")), curve_style(curve),
                                gnuplot_quoted(curve.label)));
  }
  bands.insert(bands.end(), lines.begin(), lines.end());
  plot_all(bands, drawing);
}

/// Error against energy of an image; points that no other one beats are circled.
void front_figure(const SweepPage& page, const Width& width, Drawing& drawing) {
  const std::vector<FigureCurve> curves = curves_of(page);
  std::vector<std::string> entries = curve_entries(curves, width, false);
  entries.emplace_back("Pareto front");
  std::vector<double> energies;
  for (const FigureCurve& curve : curves) {
    for (const auto* point : curve.points) {
      if (point->energy) energies.push_back(point->energy->total());
    }
  }
  drawing.program += frame_text(entries, width) + error_axis(curves) + x_range(energies, width) +
                     "set xlabel \"energy of an image, µJ\\n\"\n";
  std::vector<std::string> parts;
  std::string front;
  for (const FigureCurve& curve : curves) {
    std::string rows;
    for (const auto* point : curve.points) {
      if (!point->energy) continue;
      const std::string row = fmt::format("{} {}\n", point->energy->total(),
                                          std::max(point->rerr_mean, least_shown(*point)));
      rows += row;
      if (point->on_front) front += row;
    }
    parts.push_back(fmt::format("{} using 1:2 with linespoints {} title {}", drawing.block(rows),
                                curve_style(curve), gnuplot_quoted(curve.label)));
  }
  parts.push_back(
      fmt::format("{} using 1:2 with points pt 6 ps 1.1 lc rgb 'black' title 'Pareto front'",
                  drawing.block(front)));
  plot_all(parts, drawing);
}

/// What the numbers stand for, in the key.
void add_numbers(const std::vector<FigureCurve>& curves, const Width& width,
                 std::vector<std::string>& parts) {
  for (const std::string& entry : curve_entries(curves, width, true)) {
    parts.push_back("NaN with points pt 0 lc rgb 'black' title " + gnuplot_quoted(entry));
  }
}

/// A group of bars for each curve, a bar a voltage; the highest and the lowest one are among them.
void energy_figure(const SweepPage& page, const Width& width, Drawing& drawing) {
  std::string rows, tics, labels;
  std::array<bool, kGroupColours.size()> used{};
  double x = 0.0, highest = 0.0;
  const std::vector<FigureCurve> curves = curves_of(page);
  const bool by_number = are_numbered(curves, width);
  const auto room = static_cast<std::size_t>(9.0 * width.inches) / curves.size();
  for (std::size_t c = 0; c < curves.size(); ++c) {
    const FigureCurve& curve = curves[c];
    const double begin = x;
    const std::size_t bars =
        std::min({width.voltages, curve.points.size(), std::max<std::size_t>(room, 1)});
    for (std::size_t i = 0; i < bars; ++i) {
      const std::size_t at = bars == 1 ? 0 : i * (curve.points.size() - 1) / (bars - 1);
      const results::StoredPoint& point = *curve.points[at];
      if (!point.energy) continue;
      rows += fmt::format("{}", x);
      double sum = 0.0;
      for (std::size_t k = 0; k < kGroupColours.size(); ++k) {
        const double part = results::energy_groups()[k].uj(*point.energy);
        used[k] = used[k] || part != 0.0;
        sum += part;
        rows += fmt::format(" {}", sum);
      }
      rows += "\n";
      highest = std::max(highest, sum);
      tics += fmt::format("{}'{:.3f}' {}", tics.empty() ? "" : ", ", *point.voltage, x);
      x += 1.0;
    }
    labels += fmt::format("set label {} at {}, graph 1 center offset 0,0.8 noenhanced\n",
                          gnuplot_quoted(by_number ? fmt::format("{}", c + 1) : curve.label),
                          (begin + x - 1.0) / 2.0);
    x += 0.8;
  }
  std::vector<std::string> entries = group_names();
  for (const std::string& entry : curve_entries(curves, width, true)) entries.push_back(entry);
  drawing.program +=
      frame_text(entries, width) + labels +
      fmt::format(
          "set xtics rotate by 90 right ({})\nset xrange [-0.8:{}]\nset yrange [0:{}]\n"
          "set tmargin 2\nset boxwidth 0.85\nset style fill solid 1.0 noborder\n"
          "unset grid\nset grid ytics lw 0.5 lc rgb '#e4e6ea'\n"
          "set xlabel \"supply voltage, V / Vmin\\n\"\n"
          "set ylabel 'energy of an image, µJ' offset 1,0\n",
          tics, x - 1.0, 1.02 * highest);
  const std::string block = drawing.block(rows);
  std::vector<std::string> parts;
  for (std::size_t k = kGroupColours.size(); k-- > 0;) {
    if (!used[k]) continue;
    parts.push_back(fmt::format("{} using 1:{} with boxes lc rgb '{}' title '{}'", block, k + 2,
                                kGroupColours[k], results::energy_groups()[k].name));
  }
  add_numbers(curves, width, parts);
  plot_all(parts, drawing);
}

void latency_figure(const SweepPage& page, const Width& width, Drawing& drawing) {
  const std::vector<FigureCurve> curves = curves_of(page);
  const bool by_number = are_numbered(curves, width);
  std::string tics;
  std::vector<std::string> parts;
  for (std::size_t i = 0; i < curves.size(); ++i) {
    const auto& ms = curves[i].points.front()->latency_ms;
    if (!ms) continue;
    tics += fmt::format("{}{} {}", tics.empty() ? "" : ", ",
                        gnuplot_quoted(by_number ? fmt::format("{}", i + 1) : curves[i].label), i);
    parts.push_back(fmt::format("{} using 1:2 with boxes lc rgb '{}' notitle",
                                drawing.block(fmt::format("{} {}\n", i, *ms)), curves[i].colour));
  }
  add_numbers(curves, width, parts);
  drawing.program += frame_text(curve_entries(curves, width, true), width) +
                     fmt::format(
                         "set xtics noenhanced ({})\nset xrange [-0.7:{}]\n"
                         "set yrange [0:*]\nset boxwidth 0.6\nset style fill solid 1.0 noborder\n"
                         "set ylabel 'latency of an image, ms' offset 1,0\n",
                         tics, static_cast<double>(curves.size()) - 0.3);
  plot_all(parts, drawing);
}

struct Figure {
  const char* name;
  double height_inches;  // without the key
  bool accelerator;      // only with one
  bool energy;           // only of voltages
  void (*draw)(const SweepPage&, const Width&, Drawing&);
};
constexpr std::array<Figure, 4> kFigures{{{"error", 2.5, false, false, error_figure},
                                          {"front", 2.5, true, true, front_figure},
                                          {"energy", 2.6, true, true, energy_figure},
                                          {"latency", 2.0, true, false, latency_figure}}};

bool is_of(const Figure& figure, const SweepPage& page) {
  return (!figure.accelerator || on_accelerator(page)) && (!figure.energy || !by_rate(page));
}

}  // namespace

namespace {

double height_of(const Figure& figure, const SweepPage& page, const Width& width) {
  const bool bars = figure.draw == energy_figure || figure.draw == latency_figure;
  std::vector<std::string> entries =
      figure.draw == energy_figure ? group_names() : std::vector<std::string>{};
  const std::vector<FigureCurve> curves =
      figure.draw == error_figure ? distinct_curves(page) : curves_of(page);
  for (const std::string& entry : curve_entries(curves, width, bars)) entries.push_back(entry);
  return figure.height_inches + key_inches(entries, width);
}

}  // namespace

std::vector<std::string> figure_names(const SweepPage& page) {
  std::vector<std::string> names;
  for (const Figure& figure : kFigures) {
    if (!is_of(figure, page)) continue;
    for (const Width& width : kWidths) {
      for (const char* ending : {".svg", ".pdf", ".gp", ".dat"}) {
        names.push_back(fmt::format("{}-{}{}", figure.name, width.name, ending));
      }
    }
  }
  return names;
}

std::optional<std::string> draw_figures(const SweepPage& page, const fs::path& folder) {
  for (const Figure& figure : kFigures) {
    if (!is_of(figure, page)) continue;
    for (std::size_t i = 0; i < kWidths.size(); ++i) {
      const Width& width = kWidths[i];
      for (const char* format : kFormats) {
        const fs::path file = folder / fmt::format("{}-{}{}", figure.name, width.name, format);
        Drawing drawing("report", file, Paper{width.inches, height_of(figure, page, width), 8});
        figure.draw(page, width, drawing);
        if (const auto problem = draw_with_gnuplot(drawing, file)) return problem;
      }
    }
  }
  return std::nullopt;
}

}  // namespace brownout::report
