// SPDX-License-Identifier: Apache-2.0
// The cycles of a job by formula: the RTL must take exactly these.
#pragma once

#include <cstdint>
#include <vector>

#include "sim/cosim/job.hpp"

namespace brownout::cosim {

/// Times of all tiles and strips by the formulas of sim/mapping/timing.hpp, and the counters that
/// follow from them (except those of corrected and detected words, which no formula knows). With
/// back-pressure the formulas use the same gaps as the RTL.
JobTimes predict(const CoreShape& shape, const Job& job, const Pressure& pressure = {});

/// What lane C, the sum of the activations, carries when a strip is drained: by strip, a number a
/// row, computed from the vectors themselves.
std::vector<std::vector<std::int32_t>> activation_sums(const CoreShape& shape, const Job& job,
                                                       const AccumulatorFaults& faults);

}  // namespace brownout::cosim
