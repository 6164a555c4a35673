// SPDX-License-Identifier: Apache-2.0
// What the public modules share: names that are new, and the accelerator's clock in SystemC's time.
#pragma once
#include <systemc>

#include "sim/accelerator/clock.hpp"
#include "sim/mapping/accelerator_config.hpp"

namespace brownout::api {

/// The same name. InputError when the parent has an object of that name, which SystemC would only
/// warn of and rename, and when the simulation runs already.
const sc_core::sc_module_name& expect_new(const sc_core::sc_module_name& name);

/// The clock with that period; zero: that of the accelerator's clock_mhz, rounded to the kernel's
/// time resolution. InputError when that is zero, and for a period after few of which time ends.
accelerator::Clock clock_of(const mapping::AcceleratorConfig& config,
                            const sc_core::sc_time& period);

/// Whether the process that runs now is one of the module or of a module in it.
bool runs_in(const sc_core::sc_object& module);

}  // namespace brownout::api
