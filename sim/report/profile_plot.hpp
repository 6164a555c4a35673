// SPDX-License-Identifier: Apache-2.0
// Pictures of a profile: maps of a window of its cells, and bit error rates against voltage.
#pragma once
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "sim/profiles/chip_profile.hpp"
#include "sim/profiles/profile_fit.hpp"
#include "sim/profiles/profile_statistics.hpp"
#include "sim/report/gnuplot.hpp"

namespace brownout::report {

/// Rows [row_first, row_last) and columns likewise of one array at one level.
struct MapWindow {
  std::size_t level = 0;
  int array = 0;
  int row_first = 0, row_last = 0, column_first = 0, column_last = 0;
};

/// Four panels: all errors, 0→1, 1→0, persistent. A pixel is a cell. In a window of more than 512
/// rows or columns it is the highest probability of a block of cells, and the picture says so. The
/// name of `picture` (.svg, .png, .pdf) decides its format.
Drawing map_drawing(const profiles::Profile& profile, const MapWindow& window,
                    const std::filesystem::path& picture);

/// p, 0→1, 1→0 and persistent share against voltage, with the fitted curves.
Drawing ber_drawing(const profiles::Profile& profile,
                    const std::vector<profiles::LevelStatistics>& levels,
                    const profiles::ProfileFit& fit, const std::filesystem::path& picture);

/// What a picture shows: the window, or bit error rates if there is none.
std::string plot_json(const profiles::Profile& profile, const std::optional<MapWindow>& window,
                      const std::filesystem::path& output);

}  // namespace brownout::report
