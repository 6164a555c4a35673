// SPDX-License-Identifier: Apache-2.0
// Sizes, rates and leakage from a configuration and its technology.
#include "sim/results/accelerator_summary.hpp"

#include "sim/mapping/accelerator_config.hpp"
#include "sim/technology/technology.hpp"

namespace brownout::results {

namespace {

/// 10⁹ bytes a second.
double gb_per_s(double bytes_per_cycle, double clock_mhz) {
  return bytes_per_cycle * clock_mhz / 1000.0;
}

void add_prices(const mapping::AcceleratorConfig& config, AcceleratorSummary& summary) {
  const technology::Technology technology = technology::Technology::load(config.technology);
  summary.technology = technology.name();
  summary.technology_file = config.technology;
  summary.dram_pj_per_bit = config.dram.pj_per_bit;
  if (!technology.has_energies()) return;
  const technology::EnergyCoefficients& cost = technology.energy();
  const double of_technology = cost.dram_pj_per_byte / 8.0;
  if (config.dram.pj_per_bit) {
    summary.technology_dram_pj_per_bit = of_technology;
  } else {
    summary.dram_pj_per_bit = of_technology;
  }
  summary.leakage_mw = {cost.sram_leakage_mw_per_kib * summary.weight_kib,
                        cost.sram_leakage_mw_per_kib * summary.activation_kib,
                        cost.sram_leakage_mw_per_kib * summary.accumulator_kib,
                        cost.logic_leakage_mw_per_pe * summary.rows * summary.columns};
}

}  // namespace

AcceleratorSummary summarize(const mapping::AcceleratorConfig& config) {
  AcceleratorSummary summary;
  summary.name = config.name;
  summary.description = config.description;
  summary.file = config.file;
  summary.configuration = mapping::resolved_json(config);
  summary.rows = config.array.rows;
  summary.columns = config.array.columns;
  summary.dataflow = to_string(config.array.dataflow);
  summary.residency = to_string(config.weights.residency);
  summary.clock_mhz = config.clock_mhz;
  summary.peak_gmac_per_s =
      static_cast<double>(config.array.rows) * config.array.columns * config.clock_mhz / 1000.0;
  summary.weight_kib = static_cast<double>(config.weights.words()) / 128.0;
  summary.activation_kib = config.activations.kib;
  summary.accumulator_kib =
      static_cast<double>(config.accumulators.bytes(config.array.columns)) / 1024.0;
  summary.weight_read_gb_per_s = gb_per_s(8.0 * config.weights.words_per_cycle, config.clock_mhz);
  summary.dram_preset = config.dram.preset;
  summary.dram_gb_per_s = gb_per_s(config.dram.bytes_per_cycle, config.clock_mhz);
  summary.dma_gb_per_s = gb_per_s(config.dma.bytes_per_cycle, config.clock_mhz);
  summary.dram_latency_ns = config.dram.latency_cycles * 1000.0 / config.clock_mhz;
  add_prices(config, summary);
  return summary;
}

}  // namespace brownout::results
