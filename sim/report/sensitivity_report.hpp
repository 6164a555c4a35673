// SPDX-License-Identifier: Apache-2.0
// What `brownout sensitivity` found, as text and as the JSON that a placement reads.
#pragma once

#include <string>

#include "sim/runs/sensitivity_run.hpp"

namespace brownout::report {

std::string sensitivity_text(const runs::SensitivityResult& result);
/// Pretty-printed, with a newline at the end; the same in every run.
std::string sensitivity_json(const runs::SensitivityResult& result);

}  // namespace brownout::report
