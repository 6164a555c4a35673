// SPDX-License-Identifier: Apache-2.0
// Counts from the model, prices from the technology.
#include "sim/experiment/network_cost.hpp"

#include <utility>

#include "sim/base/error.hpp"
#include "sim/mapping/timing.hpp"

namespace brownout::experiment {

CountedRun count_run(const Model& model, const Target& target, std::int64_t images,
                     const std::shared_ptr<Simulator>& simulator) {
  const std::shared_ptr<engines::SimulatedEngine> engine =
      needed(simulator).make_engine(model.network, target.programs(), model.file.string());
  const engines::ImagesResult result = engine->time(images);
  return {static_cast<double>(result.cycles), result.total().counts};
}

NetworkCost::NetworkCost(const Model& model, const Target& target, std::int64_t images,
                         CountedRun run)
    : accelerator_(*target.config().accelerator),
      code_bits_(model.network->bits()),
      pricing_(pricing_of(target.programs()->full(), code_bits_, images)),
      run_(std::move(run)) {}

double NetworkCost::cycles_per_image() const {
  return run_.cycles / static_cast<double>(pricing_.images);
}

double NetworkCost::latency_ms() const { return accelerator_.milliseconds(cycles_per_image()); }

EnergyRange NetworkCost::energy(const technology::Technology& technology, double voltage) const {
  return energy(technology, voltage, accelerator_.weights.mitigations);
}

EnergyRange NetworkCost::energy(const technology::Technology& technology, double voltage,
                                const mitigation::Mitigations& mitigations) const {
  return energy_per_image(technology, pricing_with(mitigations), voltage, run_.counts, run_.cycles);
}

PriceBasis NetworkCost::basis(const technology::Technology& technology, double voltage,
                              const mitigation::Mitigations& mitigations) const {
  return price_basis(technology, pricing_with(mitigations), voltage, run_.counts, run_.cycles);
}

Pricing NetworkCost::pricing_with(const mitigation::Mitigations& mitigations) const {
  BROWNOUT_CHECK(mitigation::stages(mitigations) == mapping::check_stages(accelerator_.weights),
                 "{} on an accelerator simulated with {}", mitigation::to_string(mitigations),
                 mitigation::to_string(accelerator_.weights.mitigations));
  Pricing pricing = pricing_;
  pricing.structure.protection =
      mitigation::protection(mitigations, {code_bits_, accelerator_.weights.array_rows});
  return pricing;
}

EnergyRange NetworkCost::at_vmin(const technology::Technology& technology) const {
  BROWNOUT_CHECK(mapping::check_stages(accelerator_.weights) == 0, "simulated with {}",
                 mitigation::to_string(accelerator_.weights.mitigations));
  return energy_at_vmin(technology, pricing_, run_.counts, run_.cycles);
}

PriceBasis NetworkCost::basis_at_vmin(const technology::Technology& technology) const {
  BROWNOUT_CHECK(mapping::check_stages(accelerator_.weights) == 0, "simulated with {}",
                 mitigation::to_string(accelerator_.weights.mitigations));
  return price_basis_at_vmin(technology, pricing_, run_.counts, run_.cycles);
}

}  // namespace brownout::experiment
