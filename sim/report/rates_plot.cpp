// SPDX-License-Identifier: Apache-2.0
// Error against bit error rate, both on logarithmic axes: a colour for each network, a dash for
// each mitigation.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "sim/base/text.hpp"
#include "sim/report/mitigation_report.hpp"
#include "sim/report/names.hpp"
#include "sim/report/plot.hpp"

namespace brownout::report {

namespace {

constexpr std::array<const char*, 6> kRateDashes{"1",         "(8,4)",  "(2,3)",
                                                 "(9,3,2,3)", "(14,5)", "(4,2)"};
constexpr std::array<int, 6> kRateShapes{7, 5, 9, 13, 11, 4};  // of gnuplot

/// Zero has no place on a logarithmic axis.
std::vector<const results::Point*> drawn_points(const results::SweepResult& result,
                                                const std::string& model,
                                                const std::string& mitigation) {
  std::vector<const results::Point*> list;
  for (const results::Point& point : result.points) {
    if (point.model == model && point.mitigation == mitigation && point.rate > 0.0) {
      list.push_back(&point);
    }
  }
  return list;
}

/// Half an image: what stands for an error of zero.
double least_error(const results::Point& point) { return 50.0 / static_cast<double>(point.images); }

/// Rate in percent, mean error, low and high end of the band.
std::string rate_rows(const std::vector<const results::Point*>& points) {
  std::string text;
  for (const results::Point* point : points) {
    const double half = point->rerr.std.value_or(0.0), floor = least_error(*point);
    text += fmt::format("{} {} {} {}\n", 100.0 * point->rate, std::max(point->rerr.mean, floor),
                        std::max(point->rerr.mean - half, floor),
                        std::max(point->rerr.mean + half, floor));
  }
  return text;
}

std::string rates_head(const results::SweepResult& result) {
  const results::Point& first = result.points.front();
  double low = 100.0, high = 0.0, least = 100.0;
  for (const results::Point& point : result.points) {
    if (point.rate <= 0.0) continue;
    low = std::min(low, 100.0 * point.rate);
    high = std::max(high, 100.0 * point.rate);
    least = std::min(least, std::max(point.rerr.mean, least_error(point)));
  }
  return fmt::format(
      "set title {} noenhanced font ',16'\n"
      "set border 3 lw 1 lc rgb '{}'\n"
      "set grid xtics ytics lw 0.6 lc rgb '#e4e6ea'\n"
      "set tics nomirror textcolor rgb 'black'\n"
      "set xlabel 'bit error rate of the weight memory, %' offset 0,0.2\n"
      "set ylabel 'test error with bit errors (RErr), %'\n"
      "set logscale xy\nset format x '%g'\n"
      "set ytics (0.1, 0.2, 0.5, 1, 2, 3, 5, 7, 10, 15, 20, 30, 50, 70, 100)\n"
      "set xrange [{}:{}]\nset yrange [{}:105]\n"
      "set key outside below center horizontal Left reverse samplen 3 width 1 spacing 1.35\n",
      gnuplot_quoted(fmt::format("{} (band: ± one standard deviation), {}",
                                 chips_title(first.chips, result.chip_note),
                                 counted(first.images, "image"))),
      kGrey, low / 1.15, high * 1.15, 0.7 * least);
}

}  // namespace

Drawing rates_drawing(const results::SweepResult& result, const std::filesystem::path& picture) {
  const std::vector<std::string> models = result.model_names();
  const std::vector<std::string> shown = shown_mitigations(result.mitigations);
  const ShortNames names = short_names(models);
  Drawing drawing("sweep", picture, 900, 560, 15);
  std::string bands, lines;
  for (std::size_t m = 0; m < models.size(); ++m) {
    for (std::size_t k = 0; k < shown.size(); ++k) {
      const std::string block =
          drawing.block(rate_rows(drawn_points(result, models[m], result.mitigations[k])));
      const char* const colour = kColours[m % kColours.size()];
      bands += fmt::format(
          "  {} using 1:3:4 with filledcurves fs solid 0.18 noborder lc rgb '{}' notitle, \\\n",
          block, colour);
      lines += fmt::format(
          "{}  {} using 1:2 with linespoints lw 2.2 dt {} pt {} ps 0.6 lc rgb '{}' title {} "
          "noenhanced",
          lines.empty() ? "" : ", \\\n", block, kRateDashes[k % kRateDashes.size()],
          kRateShapes[k % kRateShapes.size()], colour,
          gnuplot_quoted(names.names[m] + (shown.size() > 1 ? ", " + shown[k] : "")));
    }
  }
  drawing.program += rates_head(result) + "plot \\\n" + bands + lines + "\n";
  return drawing;
}

}  // namespace brownout::report
