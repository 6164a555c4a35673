// SPDX-License-Identifier: Apache-2.0
// Results of `compare`: the networks side by side, and the differences of every pair.
#pragma once
#include <string>

#include "sim/runs/compare.hpp"

namespace brownout::report {

std::string compare_text(const runs::CompareResult& result);
/// The evaluation of each network as `eval` writes it, then the pairs.
std::string compare_json(const runs::CompareResult& result);

}  // namespace brownout::report
