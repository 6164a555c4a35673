// SPDX-License-Identifier: Apache-2.0
// Quotes texts, runs gnuplot and takes the picture from its stdout.
#include "sim/report/gnuplot.hpp"

#include <algorithm>
#include <cctype>
#include <string_view>

#include "sim/base/confined.hpp"
#include "sim/base/error.hpp"
#include "sim/base/files.hpp"
#include "sim/base/text.hpp"

namespace brownout::report {

namespace fs = std::filesystem;

namespace {

/// A string between quotation marks. Characters that are not harmless are written as their number.
std::string escaped(const std::string& text) {
  constexpr std::string_view kHarmless = " .,:()+-*/%=_";
  std::string out = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    const bool plain =
        byte >= 0x80 || std::isalnum(byte) != 0 || kHarmless.find(c) != std::string_view::npos;
    out += plain ? std::string(1, c) : fmt::format("\\{:03o}", byte);
  }
  return out + "\"";
}

/// The name of a file in gnuplot's folder, exactly. Names that begin with "|" or "<" would be
/// commands.
std::string quoted_file(const fs::path& file) { return escaped("./" + file.filename().string()); }

std::string terminal(const std::string& format, int width, int height, int font_size) {
  constexpr double kPixelsAnInch = 100.0;
  if (format == ".png") {
    return fmt::format("set terminal pngcairo size {},{} font 'Helvetica,11' background 'white'\n",
                       width, height);
  }
  if (format == ".pdf") {
    return fmt::format(
        "set terminal pdfcairo size {}in,{}in font 'Helvetica,11' background 'white'\n",
        width / kPixelsAnInch, height / kPixelsAnInch);
  }
  BROWNOUT_CHECK(format == ".svg", "format {}", format);
  return fmt::format(
      "set terminal svg size {},{} dynamic font 'Helvetica,{}' background rgb 'white'\n", width,
      height, font_size);
}

/// The size in inches is that of the printed picture in both formats: a pixel of an SVG is 1/96
/// inch.
std::string paper_terminal(const std::string& format, const Paper& paper) {
  constexpr double kPixelsAnInch = 96.0, kPointsAnInch = 72.0;
  if (format == ".pdf") {
    return fmt::format(
        "set terminal pdfcairo size {}in,{}in font 'Helvetica,{}' background 'white' linewidth "
        "0.7\n",
        paper.width_inches, paper.height_inches, paper.points);
  }
  BROWNOUT_CHECK(format == ".svg", "format {}", format);
  return fmt::format(
      "set terminal svg size {:.0f},{:.0f} font 'Helvetica,{:.1f}' background rgb 'white' "
      "linewidth 0.8\n",
      paper.width_inches * kPixelsAnInch, paper.height_inches * kPixelsAnInch,
      paper.points * kPixelsAnInch / kPointsAnInch);
}

/// Whether the picture ends as its format does.
bool is_whole(const std::string& picture, const std::string& format) {
  if (format == ".png") {  // the last chunk: its name and its checksum
    constexpr std::string_view kEnd = "IEND\xae\x42\x60\x82";
    return picture.size() >= kEnd.size() &&
           picture.compare(picture.size() - kEnd.size(), kEnd.size(), kEnd) == 0;
  }
  const std::string_view ends_with = format == ".pdf" ? "%%EOF" : "</svg>";
  const std::size_t end = picture.find_last_not_of(" \t\r\n");
  return end != std::string::npos && end + 1 >= ends_with.size() &&
         picture.compare(end + 1 - ends_with.size(), ends_with.size(), ends_with) == 0;
}

}  // namespace

std::string gnuplot_quoted(const std::string& text) { return escaped(printable(text)); }

std::string gnuplot_lines(const std::vector<std::string>& texts, std::size_t width) {
  std::string out;
  const auto add = [&](const std::string& line) {
    out += (out.empty() ? "" : ".\"\\n\".") + gnuplot_quoted(line);
  };
  for (const std::string& text : texts) {
    std::string line;
    std::size_t at = 0;
    while (at < text.size()) {
      const std::size_t end = std::min(text.find(' ', at), text.size());
      const std::string word = text.substr(at, end - at);
      if (!line.empty() && line.size() + 1 + word.size() > width) {
        add(line);
        line.clear();
      }
      line += (line.empty() ? "" : " ") + word;
      at = end + 1;
    }
    add(line);
  }
  return out;
}

Drawing::Drawing(const std::string& verb, const fs::path& picture, int width, int height,
                 int font_size)
    : Drawing(verb, picture, terminal(picture.extension().string(), width, height, font_size)) {}

Drawing::Drawing(const std::string& verb, const fs::path& picture, const Paper& paper)
    : Drawing(verb, picture, paper_terminal(picture.extension().string(), paper)) {}

Drawing::Drawing(const std::string& verb, const fs::path& picture, const std::string& terminal)
    : program(
          fmt::format("# Made by brownout {}; gnuplot 5.4 or later, in the folder of the data.\n"
                      "if (!exists('output_file')) output_file = {}\n"
                      "if (!exists('data_file')) data_file = {}\n"
                      "{}set output output_file\nset encoding utf8\n",
                      verb, quoted_file(picture), quoted_file(data_file(picture)), terminal)),
      data_(fmt::format("# Made by brownout {}: blocks of numbers for the gnuplot program.\n",
                        verb)) {}

std::string Drawing::block(const std::string& rows) {
  constexpr char kNothing[] = "NaN NaN NaN NaN NaN NaN NaN NaN NaN\n";
  if (blocks_ > 0) data_ += "\n\n";
  data_ += rows.empty() ? kNothing : rows;
  return fmt::format("data_file index {}", blocks_++);
}

fs::path program_file(const fs::path& picture) {
  return fs::path(picture).replace_extension(".gp");
}

fs::path data_file(const fs::path& picture) { return fs::path(picture).replace_extension(".dat"); }

std::optional<std::string> draw_with_gnuplot(const Drawing& drawing, const fs::path& file) {
  const fs::path script = fs::absolute(program_file(file));
  write_file_atomically(data_file(fs::absolute(file)), drawing.data());
  write_file_atomically(script, drawing.program);
  // Through a pipe: gnuplot does not notice that a disk is full, but our own writing does.
  int status = 0;
  const std::string picture = run_confined(
      {"gnuplot", "-d", "-e", "output_file='/dev/stdout'", "./" + script.filename().string()},
      script.parent_path(), {"GNUPLOT", "GNUTERM"}, status);
  if (status == 127) {
    return fmt::format(
        "no plot: gnuplot is not installed (Debian: gnuplot-nox); with it, run \"gnuplot {}\" in "
        "{}",
        printable(script.filename().string()), printable(script.parent_path().string()));
  }
  if (status != 0 || !is_whole(picture, file.extension().string())) {
    return fmt::format("no plot: gnuplot ended with status {} on {}{}", status,
                       printable(script.string()), status == 0 ? ", its picture is cut short" : "");
  }
  write_file_atomically(file, picture);
  return std::nullopt;
}

}  // namespace brownout::report
