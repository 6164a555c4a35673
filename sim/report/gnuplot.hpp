// SPDX-License-Identifier: Apache-2.0
// Pictures by gnuplot: programs and their data are written beside the picture, and gnuplot's
// absence is told, not thrown.
#pragma once
#include <filesystem>
#include <optional>
#include <string>

namespace brownout::report {

/// A text as a gnuplot program holds it: a string that shows control characters as "\n" and the
/// like, and that no quotation mark, backslash, backquote or newline of the text can end. Every
/// text that is not written in our code goes through it.
std::string gnuplot_quoted(const std::string& text);

/// A picture before it is drawn: a gnuplot program, and apart from it the numbers that it draws.
class Drawing {
 public:
  /// Starts the program: gnuplot's variables output_file and data_file (unless they are set already
  /// they name `picture` and the file of the same name that ends in .dat), and the terminal of the
  /// picture's format (.svg, .png or .pdf) with its size in pixels.
  Drawing(const std::string& verb, const std::filesystem::path& picture, int width, int height,
          int font_size);

  /// Rows of numbers, one a line, become a block of the data; what the program calls it. Without
  /// rows the block is there and has nothing to draw.
  std::string block(const std::string& rows);

  std::string program;
  const std::string& data() const { return data_; }

 private:
  int blocks_ = 0;
  std::string data_;
};

/// The files beside a picture: X.svg has its program in X.gp and its data in X.dat.
std::filesystem::path program_file(const std::filesystem::path& picture);
std::filesystem::path data_file(const std::filesystem::path& picture);

/// Draws `file` and writes program and data beside it. gnuplot starts no process, writes no file
/// and reads no settings. Nothing on success; else why there is no picture (gnuplot missing or
/// failing).
std::optional<std::string> draw_with_gnuplot(const Drawing& drawing,
                                             const std::filesystem::path& file);

}  // namespace brownout::report
