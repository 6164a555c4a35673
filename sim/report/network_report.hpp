// SPDX-License-Identifier: Apache-2.0
// `brownout model inspect`: what a network file holds.
#pragma once
#include <string>

#include "sim/sweep/evaluator.hpp"

namespace brownout::report {

std::string network_text(const sweep::Model& model);
/// Pretty-printed, with a newline at the end.
std::string network_json(const sweep::Model& model);

}  // namespace brownout::report
