// SPDX-License-Identifier: Apache-2.0
// Event counts and time → energy: what each event costs, on which supply, and the ledger of parts.
#pragma once

#include <array>
#include <optional>

#include "sim/base/energy_ledger.hpp"
#include "sim/base/event_counts.hpp"
#include "sim/mitigation/protection.hpp"

namespace brownout::technology {

class Technology;

/// The block `energy` of a technology file: all values are at Vmin, none of them negative.
struct EnergyCoefficients {
  double weight_read_pj_per_word = 0.0;  // a word of 64 bits
  double weight_write_pj_per_word = 0.0;
  double activation_read_pj_per_byte = 0.0;
  double activation_write_pj_per_byte = 0.0;
  double accumulator_read_pj_per_word = 0.0;  // a word of 32 bits
  double accumulator_write_pj_per_word = 0.0;
  double mac_pj = 0.0;
  double vector_op_pj = 0.0;
  double dram_pj_per_byte = 0.0;
  double sram_leakage_mw_per_kib = 0.0;
  double logic_leakage_mw_per_pe = 0.0;
  double sram_leakage_exponent = 0.0;  // leakage power of an SRAM ∝ (V/Vmin)^exponent
  double gated_leakage_rel = 0.0;      // what a gated array still leaks, as a share
};

/// A coefficient and its key in the file. Optional coefficients are 0 in files that do not have
/// them.
struct EnergyCoefficientField {
  const char* key;
  double EnergyCoefficients::*value;
  bool required = true;
  double highest = 1e9;
};

/// Every coefficient, in the order of the struct.
inline constexpr std::array<EnergyCoefficientField, 13> kEnergyCoefficientFields = {{
    {"weight_read_pj_per_word", &EnergyCoefficients::weight_read_pj_per_word},
    {"weight_write_pj_per_word", &EnergyCoefficients::weight_write_pj_per_word},
    {"activation_read_pj_per_byte", &EnergyCoefficients::activation_read_pj_per_byte},
    {"activation_write_pj_per_byte", &EnergyCoefficients::activation_write_pj_per_byte},
    {"accumulator_read_pj_per_word", &EnergyCoefficients::accumulator_read_pj_per_word},
    {"accumulator_write_pj_per_word", &EnergyCoefficients::accumulator_write_pj_per_word},
    {"mac_pj", &EnergyCoefficients::mac_pj},
    {"vector_op_pj", &EnergyCoefficients::vector_op_pj},
    {"dram_pj_per_byte", &EnergyCoefficients::dram_pj_per_byte},
    {"sram_leakage_mw_per_kib", &EnergyCoefficients::sram_leakage_mw_per_kib},
    {"logic_leakage_mw_per_pe", &EnergyCoefficients::logic_leakage_mw_per_pe},
    {"sram_leakage_exponent", &EnergyCoefficients::sram_leakage_exponent},
    {"gated_leakage_rel", &EnergyCoefficients::gated_leakage_rel, /*required=*/false, 1.0},
}};
static_assert(sizeof(EnergyCoefficients) == kEnergyCoefficientFields.size() * sizeof(double));

/// A coefficient may have a range. Prices use all coefficients at their values, at their low ends
/// or at their high ends.
enum class RangeEnd { kValue, kLow, kHigh };

/// Supply voltage of each memory, in units of Vmin. Logic and DRAM do not scale.
struct Supply {
  double weights_vmin = 1.0;
  double activations_vmin = 1.0;
  double accumulators_vmin = 1.0;
};

/// What leaks: the size of each memory, and the number of processing elements. And what the
/// accelerator states of prices itself.
struct Structure {
  double weight_kib = 0.0;
  double activation_kib = 0.0;
  double accumulator_kib = 0.0;
  double pes = 0.0;
  mitigation::Protection protection = {};  // of the weight memory
  double weight_gated_kib = 0.0;  // of weight_kib: arrays that hold nothing and are switched off
  /// What a byte of the accelerator's DRAM takes; none: the technology's dram_pj_per_byte.
  std::optional<double> dram_pj_per_byte = std::nullopt;
};

/// Prices counts that took `seconds` of the accelerator's time. The accesses of a memory cost
/// access_energy_relative of its supply, and their level shifters. Its leakage is
/// sram_leakage_relative of it, times the time. Both are as drawn through the second rail's
/// regulator. InputError when the technology has no energies (or, with protection, no costs of
/// mitigations), or for a supply outside its validity range. The price is linear in counts and
/// time, so that layers may be priced one by one.
EnergyLedger price(const Technology& technology, const EventCounts& counts, double seconds,
                   const Supply& supply, const Structure& structure,
                   RangeEnd end = RangeEnd::kValue);

/// price() at the coefficients' values and at both ends of their ranges.
EnergyRange price_range(const Technology& technology, const EventCounts& counts, double seconds,
                        const Supply& supply, const Structure& structure);

}  // namespace brownout::technology
