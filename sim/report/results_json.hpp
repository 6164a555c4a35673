// SPDX-License-Identifier: Apache-2.0
// Results as JSON text; docs/output.md lists the fields and their units.
#pragma once
#include <string>

#include "sim/base/json.hpp"
#include "sim/results/sweep_result.hpp"
#include "sim/runs/eval.hpp"

namespace brownout::report {

/// The object of one evaluation.
Json eval_object(const runs::EvalResult& result);
/// Pretty-printed, with a newline at the end.
std::string eval_json(const runs::EvalResult& result);
std::string sweep_json(const results::SweepResult& result);

}  // namespace brownout::report
