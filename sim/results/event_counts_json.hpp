// SPDX-License-Identifier: Apache-2.0
// Event counts and energy ledgers as JSON objects, from which a finished run is priced again.
#pragma once
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "sim/base/energy_ledger.hpp"
#include "sim/base/event_counts.hpp"

namespace brownout::results {

/// One field a count, in the order of the struct.
nlohmann::ordered_json event_counts_json(const EventCounts& counts);

/// The counts of such an object. InputError, which begins with `where` (a file and the place in
/// it), unless it is an object with exactly these fields, each an integer of at least 0.
EventCounts read_event_counts(const nlohmann::ordered_json& json, const std::string& where);

/// One field a component, in µJ, and their `total`.
nlohmann::ordered_json energy_json(const EnergyLedger& energy);

}  // namespace brownout::results
