// SPDX-License-Identifier: Apache-2.0
// A study as pictures: curves over rate, voltage or share; histograms.
#pragma once
#include <filesystem>
#include <optional>
#include <string>

#include "sim/report/gnuplot.hpp"
#include "sim/study/study.hpp"

namespace brownout::report {

/// A panel for each evaluation with an axis and two points or more; nothing when there is none.
std::optional<Drawing> study_drawing(const study::StudyResult& result,
                                     const std::filesystem::path& picture);
/// A row of panels (logits, confidences, weights) for each network; nothing when there are none.
std::optional<Drawing> histograms_drawing(const study::StudyResult& result,
                                          const std::filesystem::path& picture);

/// Draws study.svg and histograms.svg into the folder, if there is something to draw. Returns
/// nothing on success, else why there is no picture.
std::optional<std::string> draw_study(const study::StudyResult& result,
                                      const std::filesystem::path& folder);

}  // namespace brownout::report
