// SPDX-License-Identifier: Apache-2.0
// A finished run with other prices.
#include <fmt/format.h>

#include "sim/report/run_prices.hpp"
#include "sim/report/run_report.hpp"

namespace brownout::report {

std::string repriced_json(const runs::Repriced& repriced) {
  const experiment::RunPrices& prices = repriced.prices;
  Json json = repriced.run;
  put_prices(json, prices);
  json["repriced"] = {{"from", repriced.file.string()},
                      {"technology", prices.technology},
                      {"technology_file", prices.technology_file.string()},
                      {"voltage", prices.voltage},
                      {"simulated", repriced.simulated}};
  return json_text(json, 2) + "\n";
}

std::string repriced_text(const runs::Repriced& repriced) {
  const experiment::RunPrices& prices = repriced.prices;
  return fmt::format(
             "Priced with {} at {:.4f} Vmin; error, rate, cycles and counts are those simulated at "
             "{:.4f} Vmin.\n",
             prices.technology_file.string(), prices.voltage, repriced.simulated_voltage) +
         prices_text(prices);
}

}  // namespace brownout::report
