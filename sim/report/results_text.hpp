// SPDX-License-Identifier: Apache-2.0
// Results for people: a few lines and tables for the terminal.
#pragma once
#include <string>

#include "sim/sweep/eval.hpp"
#include "sim/sweep/sweep.hpp"

namespace brownout::report {

/// The text that replaces a bit error rate where weights.supply is vmin.
inline constexpr char kWeightsAtVmin[] = "weights at Vmin: no faults";

std::string eval_text(const sweep::EvalResult& result);
std::string sweep_text(const sweep::SweepResult& result);

}  // namespace brownout::report
