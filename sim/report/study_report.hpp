// SPDX-License-Identifier: Apache-2.0
// A study as a table: for the terminal, as Markdown, CSV and JSON. Only `seconds` in the JSON
// depends on the clock or on how often the study was interrupted.
#pragma once
#include <string>

#include "sim/study/study.hpp"

namespace brownout::report {

std::string study_text(const study::StudyResult& result);
std::string study_markdown(const study::StudyResult& result);
/// One line per cell: row, evaluation, column, statistics, published value.
std::string study_csv(const study::StudyResult& result);
/// docs/output.md lists the fields.
std::string study_json(const study::StudyResult& result);
/// One line per bin of every histogram; "" when there are none.
std::string histograms_csv(const study::StudyResult& result);

/// `brownout study --list`: rows, columns, comparisons.
std::string study_list(const study::StudyFile& study, const std::vector<std::string>& only);

}  // namespace brownout::report
