// SPDX-License-Identifier: Apache-2.0
// A study as pictures: curves over rate, voltage or share; histograms.
#pragma once
#include <filesystem>
#include <optional>
#include <string>

#include "sim/study/study.hpp"

namespace brownout::report {

/// A panel for each evaluation with an axis and two points or more; "" when there is none.
std::string study_script(const study::StudyResult& result, const std::string& output);
/// A row of panels (logits, confidences, weights) for each network; "" when there are none.
std::string histograms_script(const study::StudyResult& result, const std::string& output);

/// Draws study.svg and histograms.svg into the folder, as far as there is something to draw.
/// Nothing on success; else why there is no picture.
std::optional<std::string> draw_study(const study::StudyResult& result,
                                      const std::filesystem::path& folder);

}  // namespace brownout::report
