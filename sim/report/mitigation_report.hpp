// SPDX-License-Identifier: Apache-2.0
// Mitigations side by side: accuracy, energy, area and cycles, as a table and as a picture.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "sim/report/gnuplot.hpp"
#include "sim/results/sweep_result.hpp"

namespace brownout::report {

/// Names for tables: "placement" without its file, unless two would then be equal.
std::vector<std::string> shown_mitigations(const std::vector<std::string>& names);

/// A row for each network, voltage and mitigation. '*' marks those on the Pareto front of error,
/// energy, area and cycles (results::mitigation_front), '~' those on the front that are not
/// decided.
std::string mitigation_table(const results::SweepResult& result);

/// Error against energy, an SVG: a panel for each network, a curve for each mitigation, and the
/// front of the two.
Drawing mitigation_drawing(const results::SweepResult& result,
                           const std::filesystem::path& picture);

}  // namespace brownout::report
