// SPDX-License-Identifier: Apache-2.0
// Technologies as text, JSON and a picture.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "sim/report/gnuplot.hpp"
#include "sim/results/technology_summary.hpp"

namespace brownout::report {

/// One: its points, then every row with its source.
std::string technology_text(const results::TechnologySummary& technology);
std::string technology_json(const results::TechnologySummary& technology);

/// Several at the same voltages, side by side.
std::string technologies_text(const std::vector<results::TechnologySummary>& technologies);
std::string technologies_json(const std::vector<results::TechnologySummary>& technologies);

/// Bit error rate and energy of an access against the voltage, a colour for each technology.
Drawing technologies_drawing(const std::vector<results::TechnologySummary>& technologies,
                             const std::filesystem::path& picture);

}  // namespace brownout::report
