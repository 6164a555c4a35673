// SPDX-License-Identifier: Apache-2.0
// The cycles of a job by formula: what the RTL must take, to the cycle.
#pragma once

#include "sim/cosim/job.hpp"

namespace brownout::cosim {

/// Times of all tiles and strips by the formulas of sim/mapping/timing.hpp, and the counters that
/// follow from them (not those of corrected and detected words, which no formula knows). With
/// back-pressure, from the same gaps as the RTL sees.
JobTimes predict(const CoreShape& shape, const Job& job, const Pressure& pressure = {});

}  // namespace brownout::cosim
