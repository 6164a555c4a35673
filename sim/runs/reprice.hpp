// SPDX-License-Identifier: Apache-2.0
// `brownout run --reprice`: counts and cycles of a finished run, priced again.
#pragma once

#include <filesystem>
#include <optional>

#include "sim/base/json.hpp"
#include "sim/experiment/prices.hpp"

namespace brownout::runs {

/// The technology file that prices the JSON of an earlier run: `technology`, or the run's own when
/// that is empty.
std::filesystem::path repriced_technology(const std::filesystem::path& file,
                                          const std::filesystem::path& technology);

struct Repriced {
  std::filesystem::path file;
  Json run;                      // as it was read
  experiment::RunPrices prices;  // everything that technology and voltage determine
  Json simulated;                // voltage and technology at which the run was simulated
  double simulated_voltage = 1.0;
};
/// An earlier run, priced anew. `technology` empty: the run's own; `voltage` none: the run's own.
/// InputError for a file that is not the JSON of a run, or whose layers do not add up to its
/// totals.
Repriced reprice(const std::filesystem::path& file, const std::filesystem::path& technology,
                 std::optional<double> voltage);

}  // namespace brownout::runs
