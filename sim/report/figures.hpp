// SPDX-License-Identifier: Apache-2.0
// The charts of a sweep's page as figures for papers, one column (3.5 in) and two columns (7.2 in)
// wide, as SVG and PDF.
#pragma once
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "sim/report/page/sweep_page.hpp"

namespace brownout::report {

/// Names of all files that draw_figures writes, the gnuplot programs and their data included.
std::vector<std::string> figure_names(const SweepPage& page);

/// Draws them into the folder. Returns nothing on success, else why a figure is missing.
std::optional<std::string> draw_figures(const SweepPage& page, const std::filesystem::path& folder);

}  // namespace brownout::report
