// SPDX-License-Identifier: Apache-2.0
// All of a sweep that is read and settled before anything is computed, by every process that takes
// part in it.
#pragma once
#include <vector>

#include "sim/results/sweep_result.hpp"
#include "sim/runs/sweep_chips.hpp"
#include "sim/runs/sweep_file.hpp"
#include "sim/runs/sweep_inputs.hpp"
#include "sim/runs/sweep_targets.hpp"

namespace brownout::runs {

struct SweepParts {
  SweepConfig config;
  std::vector<SweepTarget> targets;
  SweepInputs inputs;
  SweepChips chips;
  results::SweepResult described;  // what is known before anything runs, the identity among it
};

/// InputError for anything that does not fit.
SweepParts sweep_parts(SweepConfig config);

}  // namespace brownout::runs
