// SPDX-License-Identifier: Apache-2.0
// Writes the gnuplot program and runs it.
#include "sim/report/plot.hpp"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cmath>
#include <cstring>
#include <limits>
#include <string_view>

#include "sim/base/error.hpp"
#include "sim/base/files.hpp"
#include "sim/report/names.hpp"

namespace brownout::report {

namespace fs = std::filesystem;

namespace {

// Okabe and Ito's colours, told apart by colour-blind eyes too.
constexpr std::array<const char*, 7> kColours{"#0072b2", "#e69f00", "#009e73", "#cc3311",
                                              "#cc79a7", "#56b4e9", "#332288"};
constexpr char kGrey[] = "#8a8f98";

std::string quoted(const std::string& text) {
  std::string out = "'";
  for (const char c : text) out += c == '\'' ? std::string("''") : std::string(1, c);
  return out + "'";
}

/// Underscores and the like are plain text in titles.
std::string title(const std::string& text) { return quoted(text) + " noenhanced"; }

using PointList = std::vector<const sweep::Point*>;

PointList points_of(const std::vector<sweep::Point>& points, const std::string& model) {
  PointList list;
  for (const sweep::Point& point : points) {
    if (point.model == model) list.push_back(&point);
  }
  return list;
}

/// Voltage, mean, low and high end of the band; a log axis wants them above 0.
std::string curve_block(const std::string& name, PointList points, double floor) {
  std::sort(points.begin(), points.end(),
            [](const sweep::Point* a, const sweep::Point* b) { return *a->voltage < *b->voltage; });
  std::string text = name + " << EOD\n";
  for (const sweep::Point* point : points) {
    const double half = point->rerr.std.value_or(0.0);
    text += fmt::format("{} {} {} {}\n", *point->voltage, std::max(point->rerr.mean, floor),
                        std::max(point->rerr.mean - half, floor),
                        std::max(point->rerr.mean + half, floor));
  }
  return text + "EOD\n";
}

struct Frame {
  double voltage_low, voltage_high;
  double error_low, error_high;  // percent
};

Frame frame_of(const sweep::SweepResult& result) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  Frame frame{kInfinity, -kInfinity, kInfinity, 0.0};
  for (const sweep::Point& point : result.points) {
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

std::string head(const sweep::SweepResult& result, const Frame& frame, const std::string& output) {
  const sweep::Point& first = result.points.front();
  std::string text = "# Made by brownout sweep; gnuplot 5.4 or later.\n";
  text += fmt::format("if (!exists('output_file')) output_file = {}\n", quoted(output));
  text += fmt::format(
      "set terminal svg size 900,{} dynamic font 'Helvetica,15' background rgb "
      "'white'\n"
      "set output output_file\n"
      "set encoding utf8\n",
      first.energy ? 1000 : 560);
  if (first.energy) text += "set multiplot layout 2,1\n";
  text += fmt::format(
      "set title {} noenhanced font ',16'\n",
      quoted(fmt::format("{} random chips (band: ± one standard deviation), {} images, {}",
                         first.chips, first.images, result.technology)));
  text += fmt::format(
      "set border 11 lw 1 lc rgb '{0}'\n"
      "set grid xtics ytics lw 0.6 lc rgb '#e4e6ea'\n"
      "set tics nomirror textcolor rgb 'black'\n"
      "set xlabel 'supply voltage, V / Vmin' offset 0,0.2\n"
      "set ylabel 'test error with bit errors (RErr), %'\n"
      "set y2label 'SRAM energy, relative to Vmin' textcolor rgb '{0}'\n"
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

/// Parts of the energy as the lower panel stacks them, from the ground up.
struct EnergyPart {
  const char* title;
  const char* colour;
  double (*uj)(const technology::EnergyLedger&);
};
constexpr std::array<EnergyPart, 7> kEnergyParts{{
    {"weight SRAM", "#0072b2",
     [](const technology::EnergyLedger& e) { return e.weight_sram + e.weight_leakage; }},
    {"activation SRAM", "#56b4e9",
     [](const technology::EnergyLedger& e) { return e.activation_sram + e.activation_leakage; }},
    {"accumulators", "#009e73",
     [](const technology::EnergyLedger& e) { return e.accumulator_sram + e.accumulator_leakage; }},
    {"MACs", "#e69f00", [](const technology::EnergyLedger& e) { return e.macs; }},
    {"vector unit", "#cc3311", [](const technology::EnergyLedger& e) { return e.vector; }},
    {"DRAM", "#cc79a7", [](const technology::EnergyLedger& e) { return e.dram; }},
    {"logic leakage", "#8a8f98", [](const technology::EnergyLedger& e) { return e.logic_leakage; }},
}};

/// The lower panel: energy per image by component at the voltages of the grid.
std::string energy_panel(const sweep::SweepResult& result) {
  const std::string& model = result.models.front().name;
  const PointList points = points_of(result.points, model);
  double gap = 0.02;
  std::string text = "$parts << EOD\n";
  for (std::size_t i = points.size(); i-- > 0;) {
    if (i > 0) gap = std::min(gap, std::abs(*points[i - 1]->voltage - *points[i]->voltage));
    text += fmt::format("{}", *points[i]->voltage);
    double sum = 0.0;
    for (const EnergyPart& part : kEnergyParts) {
      sum += part.uj(*points[i]->energy);
      text += fmt::format(" {}", sum);
    }
    text += "\n";
  }
  text += "EOD\n";
  text += fmt::format(
      "set title {} noenhanced font ',16'\n"
      "unset logscale y\nunset y2tics\nunset y2label\n"
      "set border 3 lw 1 lc rgb '{}'\n"
      "set yrange [0:*]\nset ytics autofreq\n"
      "set ylabel 'energy per image, uJ'\n"
      "set xrange [{}:{}]\n"
      "set boxwidth {}\nset style fill solid 1.0 noborder\n"
      "plot \\\n",
      quoted(fmt::format("{} on {}", model, result.accelerator)), kGrey,
      *points.back()->voltage - gap / 2, *points.front()->voltage + gap / 2, 0.7 * gap);
  // The tallest first: each box hides the lower part of the one before.
  for (std::size_t k = kEnergyParts.size(); k-- > 0;) {
    text += fmt::format("  $parts using 1:{} with boxes lc rgb '{}' title '{}'{}\n", k + 2,
                        kEnergyParts[k].colour, kEnergyParts[k].title, k == 0 ? "" : ", \\");
  }
  return text;
}

/// Runs a program and gives all it writes to stdout. Exit status of the program, or -1 with errno
/// set when it does not start.
int run_quietly(const std::vector<std::string>& words, std::string& output) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return -1;
  std::vector<char*> arguments;
  for (const std::string& word : words) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  for (const int stream : {STDIN_FILENO, STDERR_FILENO}) {
    posix_spawn_file_actions_addopen(&actions, stream, "/dev/null", O_RDWR, 0);
  }
  posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
  pid_t child = 0;
  const int error =
      ::posix_spawnp(&child, arguments[0], &actions, nullptr, arguments.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  ::close(ends[1]);
  if (error != 0) {
    ::close(ends[0]);
    errno = error;
    return -1;
  }
  std::array<char, 1 << 16> buffer;
  for (;;) {
    const ssize_t got = ::read(ends[0], buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) break;
    output.append(buffer.data(), static_cast<std::size_t>(got));
  }
  ::close(ends[0]);
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/// Whether the text ends as an SVG does.
bool is_whole_svg(const std::string& text) {
  constexpr std::string_view kEnd = "</svg>";
  const std::size_t end = text.find_last_not_of(" \t\r\n");
  return end != std::string::npos && end + 1 >= kEnd.size() &&
         text.compare(end + 1 - kEnd.size(), kEnd.size(), kEnd) == 0;
}

}  // namespace

std::string gnuplot_script(const sweep::SweepResult& result, const fs::path& output) {
  const Frame frame = frame_of(result);
  std::vector<std::string> models;
  for (const sweep::SweepModel& model : result.models) models.push_back(model.name);
  const ShortNames names = short_names(models);

  std::string text = head(result, frame, output.string());
  std::string bands, lines, marks, safe;
  for (std::size_t i = 0; i < models.size(); ++i) {
    const PointList grid = points_of(result.points, models[i]);
    PointList all = points_of(result.extra_points, models[i]);
    all.insert(all.end(), grid.begin(), grid.end());
    text += curve_block(fmt::format("$curve{}", i), all, frame.error_low);
    text += curve_block(fmt::format("$grid{}", i), grid, frame.error_low);
    const char* colour = kColours[i % kColours.size()];
    bands += fmt::format(
        "  $curve{} using 1:3:4 with filledcurves fs solid 0.18 noborder lc rgb '{}' notitle, \\\n",
        i, colour);
    lines += fmt::format("  $curve{0} using 1:2 with lines lw 2.2 lc rgb '{1}' notitle, \\\n", i,
                         colour);
    marks += fmt::format(
        "  $grid{} using 1:2 with linespoints lw 0 pt 7 ps 0.6 lc rgb '{}' "
        "notitle, \\\n"
        "  NaN with linespoints lw 2.2 pt 7 ps 0.6 lc rgb '{}' title {}, \\\n",
        i, colour, colour, title(names.names[i]));
    const sweep::SafeVoltageRow& row = result.safe_voltage[i];
    if (row.voltage) {
      text += fmt::format("$safe{} << EOD\n{} {}\nEOD\n", i, *row.voltage,
                          std::max(*row.rerr_mean, frame.error_low));
      safe += fmt::format(
          "  $safe{0} using 1:2 with points pt 13 ps 1.35 lc rgb 'white' notitle, \\\n"
          "  $safe{0} using 1:2 with points pt 13 ps 1.0 lc rgb '{1}' notitle, \\\n",
          i, colour);
    }
  }
  text += "$energy << EOD\n";
  PointList energy = points_of(result.points, models[0]);
  std::reverse(energy.begin(), energy.end());
  for (const sweep::Point* point : energy) {
    text += fmt::format("{} {}\n", *point->voltage, *point->energy_sram_rel);
  }
  text += "EOD\nplot \\\n";
  text += fmt::format(
      "  $energy using 1:2 axes x1y2 with lines lw 1.6 dt (8,5) lc rgb '{}' title "
      "'SRAM energy', \\\n",
      kGrey);
  text += bands + lines + marks + safe;
  text +=
      fmt::format("  NaN with points pt 13 ps 1.0 lc rgb 'black' title 'loses at most {} points'\n",
                  result.safe_voltage.front().max_drop_points);
  if (result.points.front().energy) text += energy_panel(result) + "unset multiplot\n";
  return text;
}

std::optional<std::string> draw_plot(const sweep::SweepResult& result, const fs::path& file) {
  // Absolute: gnuplot takes a relative path that begins with "-" for an option.
  fs::path script = fs::absolute(file);
  script.replace_extension(".gp");
  write_file_atomically(script, gnuplot_script(result, file.filename()));
  // Through a pipe: gnuplot does not notice when a disk is full, our own writing does.
  std::string svg;
  const int status =
      run_quietly({"gnuplot", "-e", "output_file='/dev/stdout'", script.string()}, svg);
  if (status == -1 || status == 127) {
    return fmt::format(
        "no plot: gnuplot is not installed (Debian: gnuplot-nox); later: cd {} && gnuplot {}",
        script.parent_path().string(), script.filename().string());
  }
  if (status != 0 || !is_whole_svg(svg)) {
    return fmt::format("no plot: gnuplot ended with status {} on {}{}", status, script.string(),
                       status == 0 ? ", its picture is cut short" : "");
  }
  write_file_atomically(file, svg);
  return std::nullopt;
}

}  // namespace brownout::report
