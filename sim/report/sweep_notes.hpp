// SPDX-License-Identifier: Apache-2.0
// What must be said of a sweep beside its numbers.
#pragma once
#include <string>
#include <vector>

#include "sim/results/sweep_result.hpp"

namespace brownout::report {

/// One text a note: what errors are over, how far other images would move them, labels, synthetic
/// chips, memories that stay at Vmin, what savings and the safe voltage mean. No line breaks.
std::vector<std::string> sweep_notes(const results::SweepResult& result);

}  // namespace brownout::report
