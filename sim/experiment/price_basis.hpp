// SPDX-License-Identifier: Apache-2.0
// Everything that the price of an inference is computed from, as numbers: a reader of a result can
// price it again with other coefficients and another rail.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "sim/base/event_counts.hpp"

namespace brownout::experiment {

/// The supply of a memory. Energies are relative to Vmin and as the memory takes them, without the
/// regulator of the rail.
struct MemorySupplyPrice {
  double voltage = 1.0;     // units of Vmin
  double access_rel = 1.0;  // dynamic energy
  double leakage_rel = 1.0;
};

/// What protection adds to the weight memory (technology::protected_access).
struct ProtectionPrice {
  double boosted_access_rel = 1.0;  // as access_rel, at the boosted supply
  double boost_loss_rel = 0.0;
  double access_rel = 0.0, leakage_rel = 0.0;
  double access_pj = 0.0, read_pj = 0.0, write_pj = 0.0;
  int logic_columns = 0;  // bits of an access that cross to the logic's supply beside the data
};

/// Counts and cycles are sums over `images`.
struct PriceBasis {
  std::int64_t images = 1;
  double cycles = 0.0;
  double clock_mhz = 500.0;
  EventCounts counts;
  double weight_kib = 0.0, weight_gated_kib = 0.0, activation_kib = 0.0, accumulator_kib = 0.0;
  double pes = 0.0;
  MemorySupplyPrice weights, activations, accumulators;
  std::optional<ProtectionPrice> protection;
};

/// The coefficients and the rail of a technology. Keys are those of its file.
struct PriceList {
  using Coefficients = std::vector<std::pair<std::string, double>>;
  Coefficients value;
  std::optional<std::array<Coefficients, 2>> ends;  // low and high; none: no range is stated
  std::string rail;                                 // the kind
  double efficiency = 1.0;                          // of a switching regulator
  double level_shift_fj_per_bit = 0.0;
};

}  // namespace brownout::experiment
