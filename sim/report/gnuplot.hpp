// SPDX-License-Identifier: Apache-2.0
// Pictures by gnuplot. Programs and their data are written beside the picture. If gnuplot is
// missing, functions return that as a text; they do not throw.
#pragma once
#include <array>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace brownout::report {

/// Okabe and Ito's colours, which colour-blind people can distinguish as well.
inline constexpr std::array<const char*, 12> kColours{"#0072b2", "#e69f00", "#009e73", "#cc3311",
                                                      "#cc79a7", "#56b4e9", "#332288", "#808000",
                                                      "#e6007e", "#7b1e3b", "#66b032", "#5f6b7a"};
/// Of results::energy_groups(). None of them is a network's, because a colour means one thing in
/// all panels of a picture.
inline constexpr std::array<const char*, 8> kGroupColours{
    "#8c6d46", "#9970ab", "#99ddff", "#44bb99", "#eedd88", "#ee8866", "#ffaabb", "#dddddd"};
inline constexpr char kGrey[] = "#8a8f98";

/// A text as a gnuplot program contains it: a string that shows control characters as "\n" and the
/// like, and that no quotation mark, backslash, backquote or newline of the text can end. Every
/// text that is not written in our code passes through it.
std::string gnuplot_quoted(const std::string& text);

/// The texts below each other as one string of gnuplot, each broken between words into lines of at
/// most `width` characters (a longer word is a line of its own).
std::string gnuplot_lines(const std::vector<std::string>& texts, std::size_t width);

/// The size of a figure of a paper, and of its letters.
struct Paper {
  double width_inches = 3.5, height_inches = 2.4;
  int points = 8;
};

/// A picture before it is drawn: a gnuplot program and, separately, the numbers that it draws.
class Drawing {
 public:
  /// Starts the program: gnuplot's variables output_file and data_file (unless they are set already
  /// they name `picture` and the file of the same name that ends in .dat), and the terminal of the
  /// picture's format (.svg, .png or .pdf) with its size in pixels.
  Drawing(const std::string& verb, const std::filesystem::path& picture, int width, int height,
          int font_size);
  /// A picture for paper, .svg or .pdf.
  Drawing(const std::string& verb, const std::filesystem::path& picture, const Paper& paper);

  /// Adds rows of numbers, one per line, as a block of the data, and returns what the program calls
  /// it. Without rows the block is there and has nothing to draw.
  std::string block(const std::string& rows);

  std::string program;
  const std::string& data() const { return data_; }

 private:
  Drawing(const std::string& verb, const std::filesystem::path& picture,
          const std::string& terminal);

  int blocks_ = 0;
  std::string data_;
};

/// The files beside a picture: for X.svg the program is X.gp and the data are X.dat.
std::filesystem::path program_file(const std::filesystem::path& picture);
std::filesystem::path data_file(const std::filesystem::path& picture);

/// Draws `file` and writes program and data beside it. gnuplot starts no process, writes no file
/// and reads no settings. Returns nothing on success, else why there is no picture (gnuplot missing
/// or failing).
std::optional<std::string> draw_with_gnuplot(const Drawing& drawing,
                                             const std::filesystem::path& file);

}  // namespace brownout::report
