// SPDX-License-Identifier: Apache-2.0
// Counts and cycles → energy of an inference. This is the only place that prices runs, new and
// finished ones, and compares them with the unprotected accelerator at Vmin.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "sim/base/event_counts.hpp"
#include "sim/experiment/price_basis.hpp"
#include "sim/experiment/prices.hpp"
#include "sim/experiment/supplies.hpp"
#include "sim/mapping/program.hpp"
#include "sim/technology/energy.hpp"
#include "sim/technology/technology.hpp"

namespace brownout::experiment {

/// What counts and cycles are priced with, beside a technology and the voltage of the scaled rail.
struct Pricing {
  double clock_mhz = 500.0;
  std::int64_t images = 1;  // that counts and cycles add up
  technology::Structure structure;
  MemorySupplies supplies;
};

/// Of a compiled network whose codes have `code_bits` bits (0: widths differ).
Pricing pricing_of(const mapping::Program& program, int code_bits, std::int64_t images);

/// µJ per image with the rail at `voltage`.
EnergyRange energy_per_image(const technology::Technology& technology, const Pricing& pricing,
                             double voltage, const EventCounts& counts, double cycles);
/// The same, unprotected and with every memory at Vmin, whatever its supply. `cycles` are those of
/// the unprotected accelerator, because check codes take some cycles.
EnergyRange energy_at_vmin(const technology::Technology& technology, const Pricing& pricing,
                           const EventCounts& counts, double cycles);

/// What energy_per_image is computed from.
PriceBasis price_basis(const technology::Technology& technology, const Pricing& pricing,
                       double voltage, const EventCounts& counts, double cycles);
/// What energy_at_vmin is computed from.
PriceBasis price_basis_at_vmin(const technology::Technology& technology, const Pricing& pricing,
                               const EventCounts& counts, double cycles);
/// InputError when the technology has no energies.
PriceList price_list(const technology::Technology& technology);

RelativeEnergy relative_energy(const EnergyRange& energy, const EnergyRange& at_vmin);

/// pJ a byte, if the accelerator file states it.
std::optional<double> own_dram_price(const mapping::DramConfig& dram);
/// `own_pj_per_byte`: what the accelerator file states. InputError when the technology has no
/// energies.
DramPrice dram_price(const technology::Technology& technology,
                     const std::optional<double>& own_pj_per_byte);

/// What a run did, as sums over all images.
struct RunPartCounts {
  EventCounts counts;
  double cycles = 0.0;
};
struct RunCounts {
  RunPartCounts all;
  std::vector<RunPartCounts> layers;
  std::optional<double> unprotected_cycles;  // of the same run without check codes; none: unknown
};

RunPrices price_run(const technology::Technology& technology, const Pricing& pricing,
                    double voltage, const RunCounts& counts);

}  // namespace brownout::experiment
