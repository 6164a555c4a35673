// SPDX-License-Identifier: Apache-2.0
// `brownout model inspect`: what a network file holds.
#pragma once
#include <string>

#include "sim/experiment/model.hpp"

namespace brownout::report {

std::string network_text(const experiment::Model& model);
/// Pretty-printed, with a newline at the end.
std::string network_json(const experiment::Model& model);

}  // namespace brownout::report
