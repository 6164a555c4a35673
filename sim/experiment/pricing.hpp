// SPDX-License-Identifier: Apache-2.0
// Counts and cycles → energy of an inference. This is the only place that prices runs, new and
// finished ones, and compares them with the unprotected accelerator at Vmin.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "sim/base/event_counts.hpp"
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
technology::EnergyRange energy_per_image(const technology::Technology& technology,
                                         const Pricing& pricing, double voltage,
                                         const EventCounts& counts, double cycles);
/// The same, unprotected and with every memory at Vmin, whatever its supply. `cycles` are those of
/// the unprotected accelerator, because check codes take some cycles.
technology::EnergyRange energy_at_vmin(const technology::Technology& technology,
                                       const Pricing& pricing, const EventCounts& counts,
                                       double cycles);

/// All energy of an inference with leakage at the low and high ends of its range.
struct EnergyEnds {
  std::array<double, 2> uj{};
  std::array<double, 2> rel{};  // to the unprotected accelerator at Vmin at the same end
};

/// All energy of an inference against that of the unprotected accelerator at Vmin.
struct RelativeEnergy {
  double rel = 1.0;
  std::optional<EnergyEnds> ends;  // none: the technology states no range
  double access_share = 0.0;       // of weight accesses, dynamic, in all energy at Vmin
};
RelativeEnergy relative_energy(const technology::EnergyRange& energy,
                               const technology::EnergyRange& at_vmin);

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

/// Everything about a run that technology and voltage determine.
struct RunPrices {
  double voltage = 1.0;  // of the scaled rail
  std::string technology, rail;
  std::filesystem::path technology_file;
  double weight_area_rel = 1.0;  // of the weight memory, relative to the unprotected one
  double energy_sram_rel = 1.0;  // of a weight read, relative to an unprotected one at Vmin
  technology::EnergyRange all;   // µJ per image
  std::vector<technology::EnergyRange> layers;
  /// None if unprotected_cycles are unknown, or if the technology does not cover Vmin.
  std::optional<RelativeEnergy> relative;
};
RunPrices price_run(const technology::Technology& technology, const Pricing& pricing,
                    double voltage, const RunCounts& counts);

}  // namespace brownout::experiment
