// SPDX-License-Identifier: Apache-2.0
// One row of a result: a network at an operating point, summarized over its chips.
#pragma once
#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "sim/experiment/price_basis.hpp"
#include "sim/experiment/prices.hpp"
#include "sim/experiment/supplies.hpp"
#include "sim/mitigation/outcome.hpp"
#include "sim/results/chip_result.hpp"
#include "sim/results/error_bars.hpp"
#include "sim/results/places.hpp"
#include "sim/results/precision.hpp"
#include "sim/results/statistics.hpp"

namespace brownout::results {

/// What an operating point means for one memory, over the chips.
struct MemoryUse {
  double voltage = 1.0;         // units of Vmin, where it is accessed
  double rate = 0.0;            // configured p, a fraction: see configured_rate
  double cells_hit_mean = 0.0;  // faulty cells that hold a bit of a code or value
  /// Bits wrong of the weights in one read; of the other memories in the values of all images.
  /// None: not counted.
  std::optional<double> bits_wrong_mean = 0.0;

  /// Whether its cells can fail there: below Vmin, or at a rate.
  bool fails() const { return voltage < 1.0 || rate > 0.0; }
};
struct MemoryUses {
  MemoryUse weights, input, activations, accumulators;
};
/// One chip's.
MemoryUses memory_uses(const chips::OperatingPoint& weights, const experiment::MemoryPoints& others,
                       bool by_voltage, const weights::ReadStats& read,
                       const experiment::MemoryResults& results);
/// `by_voltage`: whether the chips' own cells say the rate.
MemoryUses memory_uses(const chips::OperatingPoint& weights, const experiment::MemoryPoints& others,
                       bool by_voltage, const std::vector<ChipResult>& results);

/// What one chip (or place of one die) showed at a point.
struct Sample {
  std::string chip;
  std::optional<std::uint64_t> place;  // on a measured die: the cell that is the memory's first
  std::int64_t wrong = 0;              // images
  std::int64_t wrong_either = 0;       // images wrong clean or wrong perturbed
  double confidence = 0.0;             // fraction
  std::int64_t cells_hit = 0;          // of the weights
  std::int64_t bits_wrong = 0;         // of the weights, in one read
};

/// What a voltage saves, in percent, against the unprotected accelerator at Vmin.
struct Savings {
  double access_pct = 0.0;                            // of the energy of a weight access
  std::optional<double> all_pct;                      // of all energy; none without an accelerator
  std::optional<std::array<double, 2>> all_ends_pct;  // at the low and high ends of leakage
};

struct Point {
  std::string model;
  std::string mitigation = "none";        // of the weight memory
  std::string accelerator;                // its name; "": none, or not of a sweep
  std::optional<double> voltage;          // units of Vmin; none when the rate has no voltage
  double rate = 0.0;                      // configured p, a fraction: see configured_rate
  std::optional<double> energy_sram_rel;  // of a weight read, to an unprotected one at Vmin
  std::optional<double> weight_area_rel;  // of the weight memory, relative to the unprotected one
  // On an accelerator, per image; none without one.
  std::optional<double> cycles;
  std::optional<double> latency_ms;    // cycles at the accelerator's clock
  std::optional<EnergyLedger> energy;  // µJ
  std::optional<double> energy_rel;    // total, relative to the unprotected one at Vmin
  std::optional<experiment::EnergyEnds> energy_ends;  // of leakage; none: no range is stated
  std::optional<experiment::PriceBasis> price_basis;  // what `energy` is computed from
  std::optional<double> access_share;                 // of weight accesses in all energy at Vmin
  std::int64_t images = 0;
  std::int64_t chips = 0;
  bool places = false;                         // several places of one die, not chips
  double err = 0.0;                            // clean error, percent
  std::array<double, 2> err_ci95{0.0, 100.0};  // over images
  ErrorSpread rerr;                            // percent
  PositionSpread rerr_positions;               // of places, likewise
  ErrorSpread rerr_either;                     // images wrong clean or wrong perturbed, percent
  std::optional<double> prop1_excess;     // percentage points; none: the bound is 100 % or more
  std::vector<WrongImages> wrong_images;  // by chip; empty: not known
  double confidence_clean = 0.0;          // fraction
  Spread confidence;                      // perturbed, fraction
  double cells_hit_mean = 0.0;
  double bits_wrong_mean = 0.0;
  double codes_changed_mean = 0.0;
  double cell_rate_mean = 0.0;  // of the cells as drawn, a fraction
  /// Counts of the mitigations in use by their names in tables, means over the chips.
  std::vector<std::pair<std::string, double>> mitigation_means;
  std::optional<MemoryUses> memories;  // on an accelerator
  std::vector<Sample> samples;         // by chip, in the order of the draw
  std::optional<Precision> precision;  // of a sweep that says how narrow its intervals are

  /// On an accelerator: energy times latency, µJ·ms.
  std::optional<double> energy_delay_uj_ms() const;
  /// Points of error lost against the network's own clean error.
  double drop() const { return rerr.mean - err; }
  /// With a voltage.
  Savings savings() const;
};

/// Point::mitigation_means of these chips.
std::vector<std::pair<std::string, double>> mean_counts(const mitigation::Mitigations& mitigations,
                                                        const std::vector<ChipResult>& chips);

/// At least one chip; `wrong_images` for all of them or for none (then nothing is known about other
/// images). The caller fills in model, voltage, rate and energy.
Point summarize(const CleanResult& clean, const std::vector<ChipResult>& chips,
                std::int64_t images);

/// Points of error that a chip loses. It is exactly 2.5 for 25 images of 1000, which a difference
/// of two percentages need not be.
double drop_points(std::int64_t wrong, std::int64_t wrong_clean, std::int64_t images);

}  // namespace brownout::results
