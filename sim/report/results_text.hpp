// SPDX-License-Identifier: Apache-2.0
// Results for people: a few lines and tables for the terminal.
#pragma once
#include <string>

#include "sim/results/sweep_result.hpp"
#include "sim/runs/eval.hpp"

namespace brownout::report {

/// The text that replaces a bit error rate where weights.supply is vmin.
inline constexpr char kWeightsAtVmin[] = "weights at Vmin: no faults";

std::string eval_text(const runs::EvalResult& result);
std::string sweep_text(const results::SweepResult& result);

}  // namespace brownout::report
