// SPDX-License-Identifier: Apache-2.0
// Counts from the model, prices from the technology.
#include "sim/sweep/network_cost.hpp"

#include <algorithm>

#include "sim/accelerator/systemc_engine.hpp"
#include "sim/base/error.hpp"
#include "sim/mapping/repair_plan.hpp"
#include "sim/mapping/timing.hpp"

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

double weight_energy_relative(const technology::Technology& technology,
                              const std::optional<mapping::AcceleratorConfig>& accelerator,
                              double voltage, const technology::Protection& protection) {
  return technology::protected_read_relative(technology, protection,
                                             weights_scaled(accelerator) ? voltage : 1.0);
}

technology::Protection protection_of(const memory::Mitigations& mitigations, int code_bits,
                                     const std::optional<mapping::AcceleratorConfig>& accelerator) {
  technology::Protection protection;
  switch (mitigations.check) {
    case memory::CheckCode::kNone:
      break;
    case memory::CheckCode::kSecded:
      protection.codec = technology::Codec::kSecded;
      break;
    case memory::CheckCode::kParity:
      protection.codec = technology::Codec::kParity;
      break;
    case memory::CheckCode::kInterleavedParity:
      protection.codec = technology::Codec::kInterleavedParity;
      break;
  }
  // Widths that differ are refused where the bits are laid out.
  if (code_bits > 0) {
    protection.safe_share = static_cast<double>(mitigations.safe_msbs) / code_bits;
  }
  protection.boost_vmin = mitigations.boost_vmin;
  protection.spare_rows = mitigations.spare_rows;
  protection.array_rows = accelerator ? accelerator->weights.array_rows : mapping::kPlainArrayRows;
  protection.spare_columns = mitigations.spare_columns;
  protection.placed = !mitigations.sensitivity.empty();
  return protection;
}

memory::OperatingPoint accessed(const technology::Technology* technology,
                                const memory::OperatingPoint& supply, bool has_voltage,
                                const memory::Mitigations& mitigations) {
  if (mitigations.boost_vmin == 0.0) return supply;
  if (!has_voltage || technology == nullptr) {
    throw InputError("mitigation boost: needs a supply to add to; expected --voltage");
  }
  memory::OperatingPoint point;
  point.voltage = memory::access_voltage(mitigations, supply.voltage);
  point.rate = technology->bit_error_rate(point.voltage);
  return point;
}

technology::Structure structure_of(const mapping::AcceleratorConfig& accelerator, int code_bits) {
  technology::Structure structure;
  structure.weight_kib = static_cast<double>(accelerator.weights.words()) * 8.0 / 1024.0;
  structure.activation_kib = accelerator.activations.kib;
  structure.accumulator_kib =
      2.0 * accelerator.accumulators.depth * (accelerator.array.columns + 1) * 4.0 / 1024.0;
  structure.pes = static_cast<double>(accelerator.array.rows) * accelerator.array.columns;
  structure.protection = protection_of(accelerator.weights.mitigations, code_bits, accelerator);
  return structure;
}

technology::Supply supply_of(const mapping::AcceleratorConfig& accelerator, double voltage) {
  technology::Supply supply;
  if (accelerator.weights.scaled_supply) supply.weights_vmin = voltage;
  supply.activations_vmin = accelerator.activations.supply.at(voltage);
  supply.accumulators_vmin = accelerator.accumulators.supply.at(voltage);
  return supply;
}

technology::EnergyLedger energy_per_image(const technology::Technology& technology,
                                          const mapping::AcceleratorConfig& accelerator,
                                          double voltage, const EventCounts& counts,
                                          std::int64_t cycles, std::int64_t images, int code_bits) {
  const double seconds = static_cast<double>(cycles) / (1e6 * accelerator.clock_mhz);
  technology::EnergyLedger energy =
      technology::price(technology, counts, seconds, supply_of(accelerator, voltage),
                        structure_of(accelerator, code_bits));
  for (const technology::EnergyLedgerField& field : technology::kEnergyLedgerFields) {
    energy.*field.energy /= static_cast<double>(images);
  }
  return energy;
}

NetworkCost::NetworkCost(const network::Network& network,
                         const mapping::AcceleratorConfig& accelerator, int batch,
                         std::uint64_t bit_offset, std::int64_t images, const std::string& where)
    : accelerator_(accelerator), code_bits_(network.bits()), images_(images) {
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
  return energy(technology, voltage, accelerator_.weights.mitigations);
}

technology::EnergyLedger NetworkCost::energy(const technology::Technology& technology,
                                             double voltage,
                                             const memory::Mitigations& mitigations) const {
  BROWNOUT_CHECK(
      mapping::check_stages(mitigations.check) == mapping::check_stages(accelerator_.weights),
      "{} on an accelerator simulated with {}", memory::to_string(mitigations),
      memory::to_string(accelerator_.weights.mitigations));
  mapping::AcceleratorConfig accelerator = accelerator_;
  accelerator.weights.mitigations = mitigations;
  return energy_per_image(technology, accelerator, voltage, counts_, cycles_, images_, code_bits_);
}

double NetworkCost::energy_at_vmin(const technology::Technology& technology) const {
  BROWNOUT_CHECK(mapping::check_stages(accelerator_.weights) == 0, "simulated with {}",
                 memory::to_string(accelerator_.weights.mitigations));
  mapping::AcceleratorConfig accelerator = accelerator_;
  accelerator.weights.mitigations = {};
  accelerator.input = {};
  accelerator.activations.supply = {};
  accelerator.accumulators.supply = {};
  return energy_per_image(technology, accelerator, 1.0, counts_, cycles_, images_, code_bits_)
      .total();
}

}  // namespace brownout::sweep
