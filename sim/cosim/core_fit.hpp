// SPDX-License-Identifier: Apache-2.0
// Whether the RTL, and the cores of it that were built, can do what an accelerator does.
#pragma once

#include <string>

#include "sim/cosim/job.hpp"
#include "sim/mapping/accelerator_config.hpp"

namespace brownout::cosim {

/// InputError that names the key of the accelerator's file, unless the RTL can be built for this
/// accelerator, whatever the size of its array.
void check_rtl(const mapping::AcceleratorConfig& accelerator);

/// "" when a core of that array was built, else what was built, and the option that builds this
/// one.
std::string core_problem(int rows, int columns);
/// "" when a core of this array was built and its memories are large enough, else why not, the key
/// of the accelerator's file first.
std::string core_problem(const mapping::AcceleratorConfig& accelerator);

/// InputError unless both are right: a core was built that does what the accelerator does.
void check_core(const mapping::AcceleratorConfig& accelerator);

/// The core that does what the accelerator does, built or not: memories of the default sizes, or,
/// where these are too small, of the next power of two.
CoreShape fitting_shape(const mapping::AcceleratorConfig& accelerator);

}  // namespace brownout::cosim
