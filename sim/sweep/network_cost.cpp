// SPDX-License-Identifier: Apache-2.0
// Counts from the model, prices from the technology.
#include "sim/sweep/network_cost.hpp"

#include "sim/base/error.hpp"
#include "sim/engines/systemc_engine.hpp"
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
                              double voltage, const technology::Protection& protection) {
  return technology::protected_read_relative(technology, protection,
                                             weights_scaled(accelerator) ? voltage : 1.0);
}

chips::OperatingPoint accessed(const technology::Technology* technology,
                               const chips::OperatingPoint& supply, bool has_voltage,
                               const memory::Mitigations& mitigations) {
  if (mitigations.boost_vmin == 0.0) return supply;
  if (!has_voltage || technology == nullptr) {
    throw InputError("mitigation boost: needs a supply to add to; expected --voltage");
  }
  chips::OperatingPoint point;
  point.voltage = memory::access_voltage(mitigations, supply.voltage);
  point.rate = technology->bit_error_rate(point.voltage);
  return point;
}

NetworkCost::NetworkCost(const network::Network& network,
                         const mapping::AcceleratorConfig& accelerator, int batch,
                         std::uint64_t bit_offset, std::int64_t images, const std::string& where)
    : accelerator_(accelerator), code_bits_(network.bits()) {
  engines::SystemcEngine engine(network, accelerator, batch, bit_offset, where);
  const engines::ImagesResult result = engine.time(images);
  pricing_ = pricing_of(engine.program(), code_bits_, images);
  cycles_ = static_cast<double>(result.cycles);
  counts_ = result.total().counts;
}

double NetworkCost::cycles_per_image() const {
  return cycles_ / static_cast<double>(pricing_.images);
}

technology::EnergyRange NetworkCost::energy(const technology::Technology& technology,
                                            double voltage) const {
  return energy(technology, voltage, accelerator_.weights.mitigations);
}

technology::EnergyRange NetworkCost::energy(const technology::Technology& technology,
                                            double voltage,
                                            const memory::Mitigations& mitigations) const {
  BROWNOUT_CHECK(
      mapping::check_stages(mitigations.check) == mapping::check_stages(accelerator_.weights),
      "{} on an accelerator simulated with {}", memory::to_string(mitigations),
      memory::to_string(accelerator_.weights.mitigations));
  Pricing pricing = pricing_;
  pricing.structure.protection = protection_of(mitigations, code_bits_, accelerator_);
  return energy_per_image(technology, pricing, voltage, counts_, cycles_);
}

technology::EnergyRange NetworkCost::at_vmin(const technology::Technology& technology) const {
  BROWNOUT_CHECK(mapping::check_stages(accelerator_.weights) == 0, "simulated with {}",
                 memory::to_string(accelerator_.weights.mitigations));
  return energy_at_vmin(technology, pricing_, counts_, cycles_);
}

}  // namespace brownout::sweep
