// SPDX-License-Identifier: Apache-2.0
// What prices are computed from, as JSON objects of a sweep's result.
#pragma once
#include <nlohmann/json_fwd.hpp>

#include "sim/experiment/price_basis.hpp"

namespace brownout::results {

/// Field "pricing" of a point.
nlohmann::ordered_json price_basis_json(const experiment::PriceBasis& basis);

/// Field "pricing" of a sweep.
nlohmann::ordered_json price_list_json(const experiment::PriceList& prices);

}  // namespace brownout::results
