// SPDX-License-Identifier: Apache-2.0
// A small sweep result made by hand: two networks, three voltages, one point between them.
#pragma once
#include "sim/results/sweep_result.hpp"

namespace brownout::report {

results::SweepResult example_sweep();

}  // namespace brownout::report
