// SPDX-License-Identifier: Apache-2.0
// A program as the list of its commands.
#pragma once
#include <string>

#include "sim/mapping/program.hpp"

namespace brownout::mapping {

/// Every command of one batch in order of execution, one per line.
std::string program_commands(const Program& program);

}  // namespace brownout::mapping
