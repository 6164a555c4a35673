// SPDX-License-Identifier: Apache-2.0
// Goes through the field tables, so that no count or component can be forgotten.
#include "sim/results/event_counts_json.hpp"

#include <algorithm>
#include <limits>
#include <nlohmann/json.hpp>

#include "sim/base/error.hpp"

namespace brownout::results {

using Json = nlohmann::ordered_json;

Json event_counts_json(const EventCounts& counts) {
  Json json = Json::object();
  for (const EventCountField& field : kEventCountFields) json[field.name] = counts.*field.count;
  return json;
}

EventCounts read_event_counts(const Json& json, const std::string& where) {
  if (!json.is_object()) {
    throw InputError("{}: expected an object of event counts, got {}", where, json.type_name());
  }
  EventCounts counts;
  for (const EventCountField& field : kEventCountFields) {
    const auto found = json.find(field.name);
    if (found == json.end()) throw InputError("{}: {}: missing", where, field.name);
    constexpr std::uint64_t kHighest = std::numeric_limits<std::int64_t>::max();
    // Counts that the parser read are unsigned; those that a program put in may be signed.
    const bool fits = found->is_number_unsigned()
                          ? found->get<std::uint64_t>() <= kHighest
                          : found->is_number_integer() && found->get<std::int64_t>() >= 0;
    if (!fits) {
      throw InputError("{}: {}: expected an integer in [0, {}], got {}", where, field.name,
                       kHighest, found->dump(-1, ' ', false, Json::error_handler_t::replace));
    }
    counts.*field.count = found->get<std::int64_t>();
  }
  for (const auto& [name, value] : json.items()) {
    const std::string& key = name;
    if (std::none_of(kEventCountFields.begin(), kEventCountFields.end(),
                     [&](const EventCountField& field) { return key == field.name; })) {
      throw InputError("{}: unknown event count \"{}\"", where, key);
    }
  }
  return counts;
}

Json energy_json(const EnergyLedger& energy) {
  Json json = Json::object();
  for (const EnergyLedgerField& field : kEnergyLedgerFields) {
    json[field.name] = energy.*field.energy;
  }
  json["total"] = energy.total();
  return json;
}

}  // namespace brownout::results
