// SPDX-License-Identifier: Apache-2.0
// Results for people: a few lines and tables for the terminal.
#pragma once
#include <string>

#include "sim/results/sweep_result.hpp"
#include "sim/runs/eval.hpp"

namespace brownout::report {

/// The text that replaces a bit error rate where weights.supply is vmin.
inline constexpr char kWeightsAtVmin[] = "weights at Vmin: no faults";

/// "engine functional", and what it does besides.
std::string engine_text(const runs::EvalResult& result);
/// "fashion-mnist (test), 1000 images; 10 chips at bit error rate 1 %".
std::string images_and_point_text(const runs::EvalResult& result);

std::string eval_text(const runs::EvalResult& result);
std::string sweep_text(const results::SweepResult& result);

}  // namespace brownout::report
