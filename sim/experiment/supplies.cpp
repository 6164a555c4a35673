// SPDX-License-Identifier: Apache-2.0
// The rail first, then each memory's own supply.
#include "sim/experiment/supplies.hpp"

#include <algorithm>

#include "sim/base/error.hpp"
#include "sim/technology/protected_memory.hpp"

namespace brownout::experiment {

namespace {

chips::OperatingPoint point_of(const char* name, const mapping::MemorySupply& supply,
                               const technology::Technology* technology,
                               const chips::OperatingPoint& rail,
                               const std::optional<double>& rate) {
  if (rate) return {supply.at(rail.voltage), *rate};
  if (supply.scaled) return rail;
  if (supply.vmin == 1.0) return {};
  if (technology == nullptr) {
    throw InputError("{}: a supply of {} Vmin needs a technology; expected {} FILE", name,
                     supply.vmin, Field{"technology"});
  }
  try {
    return {supply.vmin, technology->bit_error_rate(supply.vmin)};
  } catch (const InputError& error) {
    throw InputError("supply of {}: {}", name, error.what());
  }
}

}  // namespace

bool fails(const chips::OperatingPoint& point) { return point.voltage < 1.0 || point.rate > 0.0; }

bool MemoryPoints::any() const { return fails(input) || fails(activations) || fails(accumulators); }

bool MemorySupplies::others_scaled() const {
  return input.scaled || activations.scaled || accumulators.scaled;
}

bool MemorySupplies::any_fixed() const {
  const auto fixed = [](const mapping::MemorySupply& supply) {
    return !supply.scaled && supply.vmin != 1.0;
  };
  return fixed(input) || fixed(activations) || fixed(accumulators);
}

technology::Supply MemorySupplies::priced_at(double voltage) const {
  technology::Supply supply;
  if (weights_scaled) supply.weights_vmin = voltage;
  supply.activations_vmin = activations.at(voltage);
  supply.accumulators_vmin = accumulators.at(voltage);
  return supply;
}

MemorySupplies supplies_of(const std::optional<mapping::AcceleratorConfig>& accelerator) {
  if (!accelerator) return {};
  return {accelerator->weights.scaled_supply, accelerator->input.supply,
          accelerator->activations.supply, accelerator->accumulators.supply};
}

Conditions resident_at(const chips::OperatingPoint& point) {
  return {point.voltage, point, point, point, {}};
}

Supplies::Supplies(std::shared_ptr<const technology::Technology> technology,
                   const TargetConfig& target, const MemoryRates& rates)
    : technology_(std::move(technology)),
      memories_(supplies_of(target.accelerator)),
      has_others_(target.accelerator.has_value()),
      mitigations_(target.mitigations()),
      rates_(rates) {}

Conditions Supplies::at(double voltage) const {
  return complete(voltage, {voltage, technology_ ? technology_->bit_error_rate(voltage) : 0.0});
}

Conditions Supplies::at_rate(double rate) const { return complete(std::nullopt, {1.0, rate}); }

std::optional<Conditions> Supplies::resolve(std::optional<double> voltage,
                                            std::optional<double> rate) const {
  if (voltage) return at(*voltage);
  if (rate) {
    try {
      if (technology_) voltage = technology_->voltage_at_rate(*rate);
    } catch (const InputError&) {
      // Rates beyond the technology are fine for a random chip; they just have no voltage.
    }
    return complete(voltage, {voltage.value_or(1.0), *rate});
  }
  const Conditions at_vmin = complete(1.0, {1.0, 0.0});
  if (!at_vmin.others.any() && !rates_.any()) return std::nullopt;
  return at_vmin;
}

MemoryPoints Supplies::others_at(const chips::OperatingPoint& rail) const {
  if (!has_others_) return {};
  const technology::Technology* const technology = technology_.get();
  return {point_of("input", memories_.input, technology, rail, rates_.input),
          point_of("activations", memories_.activations, technology, rail, rates_.activations),
          point_of("accumulators", memories_.accumulators, technology, rail, rates_.accumulators)};
}

Conditions Supplies::complete(std::optional<double> voltage,
                              const chips::OperatingPoint& rail) const {
  Conditions conditions;
  conditions.voltage = voltage;
  conditions.rail = rail;
  conditions.others = others_at(rail);
  conditions.supply = {rail.voltage, weights_scaled() ? rail.rate : 0.0};
  const bool boosts = mitigations_.boost_vmin > 0.0;
  if (boosts && (!voltage || !technology_)) {
    throw InputError("mitigation boost: needs a supply to add to; expected {}", Field{"voltage"});
  }
  if (!weights_scaled()) return conditions;  // the weights stay at Vmin
  conditions.weights = conditions.supply;
  if (boosts) {
    conditions.weights.voltage = mitigation::access_voltage(mitigations_, rail.voltage);
    conditions.weights.rate = technology_->bit_error_rate(conditions.weights.voltage);
  }
  return conditions;
}

bool Supplies::others_may_fail() const {
  return others_at({technology_ ? technology_->lowest_voltage() : 1.0, 1.0}).any();
}

std::vector<double> Supplies::steps(const chips::Chip& chip) const {
  std::vector<double> supplies;
  const bool others_scaled = memories_.others_scaled();
  for (const double step : chip.steps()) {
    if (others_scaled || step > 1.0) supplies.push_back(step);
    if (step <= 1.0) supplies.push_back(step - mitigations_.boost_vmin);
  }
  if (others_scaled && !supplies.empty()) supplies.push_back(1.0);  // their faults begin below it
  std::sort(supplies.begin(), supplies.end());
  return supplies;
}

double Supplies::weight_energy_relative(double voltage,
                                        const mitigation::Protection& protection) const {
  return technology::protected_read_relative(*technology_, protection,
                                             weights_scaled() ? voltage : technology::kVmin);
}

}  // namespace brownout::experiment
