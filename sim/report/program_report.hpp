// SPDX-License-Identifier: Apache-2.0
// `brownout model program`: what an accelerator does for a network, layer by layer.
#pragma once
#include <string>

#include "sim/experiment/model.hpp"
#include "sim/results/program_summary.hpp"

namespace brownout::report {

/// Accelerator, memories, a table of the layers and totals of one batch.
std::string program_text(const experiment::Model& model, const results::ProgramSummary& program);
/// Pretty-printed, with a newline at the end.
std::string program_json(const experiment::Model& model, const results::ProgramSummary& program);

}  // namespace brownout::report
