// SPDX-License-Identifier: Apache-2.0
// The cycles of a job by formula: the RTL must take exactly these.
#pragma once

#include "sim/cosim/job.hpp"

namespace brownout::cosim {

/// Times of all tiles and strips by the formulas of sim/mapping/timing.hpp, and the counters that
/// follow from them (except those of corrected and detected words, which no formula knows). With
/// back-pressure the formulas use the same gaps as the RTL.
JobTimes predict(const CoreShape& shape, const Job& job, const Pressure& pressure = {});

}  // namespace brownout::cosim
