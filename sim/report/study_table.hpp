// SPDX-License-Identifier: Apache-2.0
// A study as a grid of cells, for the terminal and for Markdown, and what must be said about it.
#pragma once
#include <string>
#include <vector>

#include "sim/study/study_result.hpp"

namespace brownout::report {

using Lines = std::vector<std::vector<std::string>>;  // the first is the header

/// A line a row of the study, a column an evaluation's column or its published values.
Lines study_table(const study::StudyResult& result);

/// A line a comparison; no lines if there is none.
Lines study_comparisons(const study::StudyResult& result);

/// What the numbers were measured on, a text an evaluation; then what has no numbers, and why.
std::vector<std::string> study_notes(const study::StudyResult& result);

/// What the "chips" of a comparison on a measured map are, when any comparison is on one.
std::string places_note(const study::StudyResult& result);

}  // namespace brownout::report
