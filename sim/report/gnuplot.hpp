// SPDX-License-Identifier: Apache-2.0
// Pictures by gnuplot: its programs are written beside the picture, and its absence is told, not
// thrown.
#pragma once
#include <filesystem>
#include <optional>
#include <string>

namespace brownout::report {

/// 'text' as gnuplot reads it.
std::string gnuplot_quoted(const std::string& text);

/// Draws `file` (.svg, .png or .pdf) and writes the program beside it (same name, .gp). The program
/// has to write to gnuplot's variable output_file and to set a terminal of that format. Nothing on
/// success; else why there is no picture (gnuplot missing or failing).
std::optional<std::string> draw_with_gnuplot(const std::string& program,
                                             const std::filesystem::path& file);

}  // namespace brownout::report
