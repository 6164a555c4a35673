// SPDX-License-Identifier: Apache-2.0
// Counts from the model, prices from the technology.
#include "sim/sweep/network_cost.hpp"

#include "sim/accelerator/systemc_engine.hpp"

namespace brownout::sweep {

bool weights_scaled(const std::optional<mapping::AcceleratorConfig>& accelerator) {
  return !accelerator || accelerator->weights.scaled_supply;
}

double weight_error_rate(const technology::Technology& technology,
                         const std::optional<mapping::AcceleratorConfig>& accelerator,
                         double voltage) {
  const double rate = technology.bit_error_rate(voltage);  // refuses a voltage out of range
  return weights_scaled(accelerator) ? rate : 0.0;
}

double weight_energy_relative(const technology::Technology& technology,
                              const std::optional<mapping::AcceleratorConfig>& accelerator,
                              double voltage) {
  return technology.sram_energy_relative(weights_scaled(accelerator) ? voltage : 1.0);
}

technology::Structure structure_of(const mapping::AcceleratorConfig& accelerator) {
  technology::Structure structure;
  structure.weight_kib = static_cast<double>(accelerator.weights.words()) * 8.0 / 1024.0;
  structure.activation_kib = accelerator.activations.kib;
  structure.accumulator_kib =
      2.0 * accelerator.accumulators.depth * (accelerator.array.columns + 1) * 4.0 / 1024.0;
  structure.pes = static_cast<double>(accelerator.array.rows) * accelerator.array.columns;
  return structure;
}

technology::Supply supply_of(const mapping::AcceleratorConfig& accelerator, double voltage) {
  technology::Supply supply;
  if (accelerator.weights.scaled_supply) supply.weights_vmin = voltage;
  if (accelerator.activations.scaled_supply) supply.activations_vmin = voltage;
  if (accelerator.accumulators.scaled_supply) supply.accumulators_vmin = voltage;
  return supply;
}

technology::EnergyLedger energy_per_image(const technology::Technology& technology,
                                          const mapping::AcceleratorConfig& accelerator,
                                          double voltage, const EventCounts& counts,
                                          std::int64_t cycles, std::int64_t images) {
  const double seconds = static_cast<double>(cycles) / (1e6 * accelerator.clock_mhz);
  technology::EnergyLedger energy = technology::price(
      technology, counts, seconds, supply_of(accelerator, voltage), structure_of(accelerator));
  for (const technology::EnergyLedgerField& field : technology::kEnergyLedgerFields) {
    energy.*field.energy /= static_cast<double>(images);
  }
  return energy;
}

NetworkCost::NetworkCost(const network::Network& network,
                         const mapping::AcceleratorConfig& accelerator, int batch,
                         std::uint64_t bit_offset, std::int64_t images, const std::string& where)
    : accelerator_(accelerator), images_(images) {
  accelerator::SystemcEngine engine(network, accelerator, batch, bit_offset, where);
  const accelerator::ImagesResult result = engine.time(images);
  cycles_ = result.cycles;
  counts_ = result.total().counts;
}

double NetworkCost::cycles_per_image() const {
  return static_cast<double>(cycles_) / static_cast<double>(images_);
}

technology::EnergyLedger NetworkCost::energy(const technology::Technology& technology,
                                             double voltage) const {
  return energy_per_image(technology, accelerator_, voltage, counts_, cycles_, images_);
}

}  // namespace brownout::sweep
