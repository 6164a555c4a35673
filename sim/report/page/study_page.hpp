// SPDX-License-Identifier: Apache-2.0
// Studies as one page: their tables, a chart for each evaluation with an axis, their pictures.
#pragma once
#include <string>
#include <vector>

#include "sim/base/json.hpp"
#include "sim/study/stored_study.hpp"

namespace brownout::report {

/// What the script draws.
Json study_page_data(const std::vector<study::StoredStudy>& studies);

/// The whole page. `version` is the program's.
std::string study_page_html(const std::vector<study::StoredStudy>& studies,
                            const std::string& version);

}  // namespace brownout::report
