// SPDX-License-Identifier: Apache-2.0
// Counts × coefficients × supply, component by component.
#include "sim/technology/energy.hpp"

#include <cmath>

#include "sim/base/error.hpp"
#include "sim/technology/protected_memory.hpp"
#include "sim/technology/technology.hpp"

namespace brownout::technology {

namespace {

constexpr double kMicrojoulePerPicojoule = 1e-6;
constexpr double kMicrojoulePerMillijoule = 1e3;  // a milliwatt for a second

constexpr int kWeightBits = 64, kActivationBits = 8, kAccumulatorBits = 32;  // of an access

double accesses(std::int64_t reads, double read_pj, std::int64_t writes, double write_pj,
                double relative) {
  return (static_cast<double>(reads) * read_pj + static_cast<double>(writes) * write_pj) *
         relative * kMicrojoulePerPicojoule;
}

}  // namespace

EnergyLedger price(const Technology& technology, const EventCounts& counts, double seconds,
                   const Supply& supply, const Structure& structure, RangeEnd end) {
  BROWNOUT_CHECK(std::isfinite(seconds) && seconds >= 0.0, "{} seconds", seconds);
  for (const double size : {structure.weight_kib, structure.activation_kib,
                            structure.accumulator_kib, structure.pes, structure.weight_gated_kib}) {
    BROWNOUT_CHECK(std::isfinite(size) && size >= 0.0, "a size of {}", size);
  }
  BROWNOUT_CHECK(structure.dram_pj_per_byte.value_or(0.0) >= 0.0, "{} pJ a byte",
                 *structure.dram_pj_per_byte);
  BROWNOUT_CHECK(structure.weight_gated_kib <= structure.weight_kib, "{} of {} KiB gated",
                 structure.weight_gated_kib, structure.weight_kib);
  for (const EventCountField& field : kEventCountFields) {
    BROWNOUT_CHECK(counts.*field.count >= 0, "{} {}", counts.*field.count, field.name);
  }
  const EnergyCoefficients& cost = technology.energy(end);
  const auto dynamic = [&](double vmin) { return technology.access_energy_relative(vmin); };
  const auto shifted = [&](std::int64_t reads, std::int64_t writes, int bits, double vmin) {
    const double shift = technology.rail().level_shift_pj(vmin, bits);
    return accesses(reads, shift, writes, shift, 1.0);
  };
  const auto leakage = [&](double kib, double vmin) {
    return cost.sram_leakage_mw_per_kib * kib * technology.sram_leakage_relative(vmin) *
           technology.rail().drawn(vmin) * seconds * kMicrojoulePerMillijoule;
  };
  const double weight_kib =
      structure.weight_kib - structure.weight_gated_kib * (1.0 - cost.gated_leakage_rel);

  EnergyLedger ledger;
  ledger.weight_sram =
      accesses(counts.weight_reads, cost.weight_read_pj_per_word, counts.weight_writes,
               cost.weight_write_pj_per_word, dynamic(supply.weights_vmin)) +
      shifted(counts.weight_reads, counts.weight_writes, kWeightBits, supply.weights_vmin);
  ledger.activation_sram =
      accesses(counts.activation_reads, cost.activation_read_pj_per_byte, counts.activation_writes,
               cost.activation_write_pj_per_byte, dynamic(supply.activations_vmin)) +
      shifted(counts.activation_reads, counts.activation_writes, kActivationBits,
              supply.activations_vmin);
  ledger.accumulator_sram = accesses(counts.accumulator_reads, cost.accumulator_read_pj_per_word,
                                     counts.accumulator_writes, cost.accumulator_write_pj_per_word,
                                     dynamic(supply.accumulators_vmin)) +
                            shifted(counts.accumulator_reads, counts.accumulator_writes,
                                    kAccumulatorBits, supply.accumulators_vmin);
  ledger.macs = static_cast<double>(counts.macs) * cost.mac_pj * kMicrojoulePerPicojoule;
  ledger.vector =
      static_cast<double>(counts.vector_ops) * cost.vector_op_pj * kMicrojoulePerPicojoule;
  const double dram_pj = structure.dram_pj_per_byte.value_or(cost.dram_pj_per_byte);
  ledger.dram = accesses(counts.dram_read_bytes, dram_pj, counts.dram_write_bytes, dram_pj, 1.0);
  ledger.weight_leakage = leakage(weight_kib, supply.weights_vmin);
  ledger.activation_leakage = leakage(structure.activation_kib, supply.activations_vmin);
  ledger.accumulator_leakage = leakage(structure.accumulator_kib, supply.accumulators_vmin);
  ledger.logic_leakage =
      cost.logic_leakage_mw_per_pe * structure.pes * seconds * kMicrojoulePerMillijoule;
  if (structure.protection.any()) {
    const ProtectedAccess access =
        protected_access(technology, structure.protection, supply.weights_vmin);
    ledger.mitigation = accesses(counts.weight_reads, cost.weight_read_pj_per_word,
                                 counts.weight_writes, cost.weight_write_pj_per_word,
                                 access.sram_relative - dynamic(supply.weights_vmin)) +
                        accesses(counts.weight_reads, access.read_logic_pj, counts.weight_writes,
                                 access.write_logic_pj, 1.0) +
                        ledger.weight_leakage * access.leakage_added;
  }
  return ledger;
}

EnergyRange price_range(const Technology& technology, const EventCounts& counts, double seconds,
                        const Supply& supply, const Structure& structure) {
  const auto at = [&](RangeEnd end) {
    return price(technology, counts, seconds, supply, structure, end);
  };
  EnergyRange range{at(RangeEnd::kValue), std::nullopt};
  if (technology.has_range()) range.ends = {{at(RangeEnd::kLow), at(RangeEnd::kHigh)}};
  return range;
}

}  // namespace brownout::technology
