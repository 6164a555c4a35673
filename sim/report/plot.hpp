// SPDX-License-Identifier: Apache-2.0
// The picture of a sweep: RErr against voltage with its band per network, SRAM energy on the second
// axis, drawn by gnuplot.
#pragma once
#include <filesystem>
#include <optional>
#include <string>

#include "sim/sweep/sweep.hpp"

namespace brownout::report {

/// A complete gnuplot program. It writes `output` (an SVG) unless gnuplot's variable output_file is
/// set to another path.
std::string gnuplot_script(const sweep::SweepResult& result, const std::filesystem::path& output);

/// Draws `file`, of several mitigations as mitigation_script has it, and the script beside it (same
/// name, .gp). Nothing on success; else why there is no picture (gnuplot missing or failing), which
/// is no error of the sweep.
std::optional<std::string> draw_plot(const sweep::SweepResult& result,
                                     const std::filesystem::path& file);

}  // namespace brownout::report
