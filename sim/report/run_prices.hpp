// SPDX-License-Identifier: Apache-2.0
// What a run costs, in its JSON and as text: the same for a new run and for one priced again.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "sim/experiment/prices.hpp"

namespace brownout::report {

/// Writes every field that technology and voltage determine, of the run and of its `layers`, which
/// `json` must already contain. Fields that are there are replaced in place.
void put_prices(nlohmann::ordered_json& json, const experiment::RunPrices& prices);

/// Energy by component, over the range of leakage, and against the unprotected accelerator at Vmin.
std::string prices_text(const experiment::RunPrices& prices);

/// Whose price of the DRAM counts, when it is not the technology's; else "".
std::string dram_note(const experiment::DramPrice& dram);

/// "10.4", or "10.4 (3.1 … 12.0)" with the ends of the range of leakage, in ascending order.
std::string ranged_text(double value, const std::optional<std::array<double, 2>>& ends, int digits);

}  // namespace brownout::report
