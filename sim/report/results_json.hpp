// SPDX-License-Identifier: Apache-2.0
// Results as JSON text; docs/command.md lists the fields and their units.
#pragma once
#include <string>

#include "sim/sweep/eval.hpp"
#include "sim/sweep/sweep.hpp"

namespace brownout::report {

/// Pretty-printed, with a newline at the end.
std::string eval_json(const sweep::EvalResult& result);
std::string sweep_json(const sweep::SweepResult& result);

}  // namespace brownout::report
