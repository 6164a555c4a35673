// SPDX-License-Identifier: Apache-2.0
// A sweep over several accelerators: what an inference takes on each.
#pragma once

#include <string>

#include "sim/results/sweep_result.hpp"

namespace brownout::report {

/// A row for each accelerator, network and mitigation: latency, energy at the highest and the
/// lowest voltage of the sweep and at the lowest safe one.
std::string accelerators_table(const results::SweepResult& result);

/// "On a, b and c:" before the errors that these accelerators share.
std::string sharing_text(const results::SweepResult& result, std::size_t accelerator);

}  // namespace brownout::report
