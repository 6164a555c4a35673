// SPDX-License-Identifier: Apache-2.0
// The picture of a sweep: RErr against voltage with its band per network, energy of a weight access
// on the second axis, drawn by gnuplot.
#pragma once
#include <filesystem>
#include <optional>
#include <string>

#include "sim/report/gnuplot.hpp"
#include "sim/results/sweep_result.hpp"

namespace brownout::report {

/// The picture of one mitigation, an SVG.
Drawing sweep_drawing(const results::SweepResult& result, const std::filesystem::path& picture);

/// Error against bit error rate, for a sweep over rates above 0; a curve for each network and
/// mitigation.
Drawing rates_drawing(const results::SweepResult& result, const std::filesystem::path& picture);

/// Draws `file`; for several mitigations as mitigation_drawing does. Returns nothing on success,
/// else why there is no picture (gnuplot missing or failing, no rate above 0), which is no
/// error of the sweep.
std::optional<std::string> draw_plot(const results::SweepResult& result,
                                     const std::filesystem::path& file);

}  // namespace brownout::report
