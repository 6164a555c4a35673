// SPDX-License-Identifier: Apache-2.0
// Field by field, in the order of the structs.
#include "sim/results/price_basis_json.hpp"

#include <nlohmann/json.hpp>

#include "sim/results/event_counts_json.hpp"

namespace brownout::results {

namespace {

using OrderedJson = nlohmann::ordered_json;

OrderedJson supply_json(const experiment::MemorySupplyPrice& supply) {
  return {{"voltage", supply.voltage},
          {"access_rel", supply.access_rel},
          {"leakage_rel", supply.leakage_rel}};
}

OrderedJson protection_price_json(const experiment::ProtectionPrice& protection) {
  return {{"boosted_access_rel", protection.boosted_access_rel},
          {"boost_loss_rel", protection.boost_loss_rel},
          {"access_rel", protection.access_rel},
          {"leakage_rel", protection.leakage_rel},
          {"access_pj", protection.access_pj},
          {"read_pj", protection.read_pj},
          {"write_pj", protection.write_pj},
          {"logic_columns", protection.logic_columns}};
}

OrderedJson coefficients_json(const experiment::PriceList::Coefficients& list) {
  OrderedJson json = OrderedJson::object();
  for (const auto& [key, value] : list) json[key] = value;
  return json;
}

}  // namespace

OrderedJson price_basis_json(const experiment::PriceBasis& basis) {
  return {{"images", basis.images},
          {"cycles", basis.cycles},
          {"clock_mhz", basis.clock_mhz},
          {"event_counts", event_counts_json(basis.counts)},
          {"weight_kib", basis.weight_kib},
          {"weight_gated_kib", basis.weight_gated_kib},
          {"activation_kib", basis.activation_kib},
          {"accumulator_kib", basis.accumulator_kib},
          {"pes", basis.pes},
          {"weights", supply_json(basis.weights)},
          {"activations", supply_json(basis.activations)},
          {"accumulators", supply_json(basis.accumulators)},
          {"protection",
           basis.protection ? protection_price_json(*basis.protection) : OrderedJson(nullptr)}};
}

OrderedJson price_list_json(const experiment::PriceList& prices) {
  const bool ranged = prices.ends.has_value();
  return {{"coefficients", coefficients_json(prices.value)},
          {"low", ranged ? coefficients_json((*prices.ends)[0]) : OrderedJson(nullptr)},
          {"high", ranged ? coefficients_json((*prices.ends)[1]) : OrderedJson(nullptr)},
          {"rail",
           {{"kind", prices.rail},
            {"efficiency", prices.efficiency},
            {"level_shift_fj_per_bit", prices.level_shift_fj_per_bit}}}};
}

}  // namespace brownout::results
