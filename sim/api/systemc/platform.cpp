// SPDX-License-Identifier: Apache-2.0
// Names are looked up in the hierarchy as SystemC makes them.
#include "sim/api/systemc/platform.hpp"

#include <cmath>
#include <string>

#include "sim/base/error.hpp"

namespace brownout::api {

namespace {

// More than anybody simulates.
constexpr double kMostCycles = 4294967296.0;

}  // namespace

const sc_core::sc_module_name& expect_new(const sc_core::sc_module_name& name) {
  const char* const own = name;
  const sc_core::sc_object* const parent = sc_core::sc_get_current_object();
  const std::string full = parent == nullptr ? own : std::string(parent->name()) + "." + own;
  if (sc_core::sc_find_object(full.c_str()) != nullptr) {
    throw InputError("{}: expected a name of its own, there is one of that name already", full);
  }
  if (sc_core::sc_start_of_simulation_invoked()) {
    throw InputError("{}: expected to be made before the simulation starts", full);
  }
  return name;
}

accelerator::Clock clock_of(const mapping::AcceleratorConfig& config,
                            const sc_core::sc_time& period) {
  if (period != sc_core::SC_ZERO_TIME) {
    const sc_core::sc_time most = sc_core::sc_max_time() / kMostCycles;
    if (period > most) {
      throw InputError("{}: expected at most {}, so that a simulation may have 2^32 cycles, got {}",
                       Field{"clock_period"}, most.to_string(), period.to_string());
    }
    return accelerator::Clock(period);
  }
  const double seconds = 1e-6 / config.clock_mhz;
  const double steps = std::round(seconds / sc_core::sc_get_time_resolution().to_seconds());
  if (steps < 1.0) {
    throw InputError(
        "{}: clock_mhz: expected a period of at least the time resolution of the kernel ({}), got "
        "{} MHz",
        config.file.string(), sc_core::sc_get_time_resolution().to_string(), config.clock_mhz);
  }
  return accelerator::Clock(sc_core::sc_time::from_value(static_cast<sc_dt::uint64>(steps)));
}

bool runs_in(const sc_core::sc_object& module) {
  const sc_core::sc_object* object = sc_core::sc_get_current_process_handle().get_process_object();
  while (object != nullptr && object != &module) object = object->get_parent_object();
  return object != nullptr;
}

}  // namespace brownout::api
