// SPDX-License-Identifier: Apache-2.0
// The supply of every memory: which voltage it gets, how many of its cells then fail, what it
// costs. No other file decides which supply counts.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "sim/chips/chip.hpp"
#include "sim/experiment/target.hpp"
#include "sim/mitigation/protection.hpp"
#include "sim/technology/energy.hpp"
#include "sim/technology/technology.hpp"

namespace brownout::experiment {

/// Whether a memory that is operated at this point may have faults.
bool fails(const chips::OperatingPoint& point);

/// Voltage and bit error rate of each memory but the weights'. At Vmin with rate 0 a memory has no
/// faults.
struct MemoryPoints {
  chips::OperatingPoint input, activations, accumulators;

  bool any() const;
};

/// Bit error rates that replace those that follow from a supply.
struct MemoryRates {
  std::optional<double> input, activations, accumulators;

  bool any() const { return input || activations || accumulators; }
};

/// Which memories are on the scaled rail, and the fixed supplies of the others.
struct MemorySupplies {
  bool weights_scaled = true;  // else they stay at Vmin and have no faults
  mapping::MemorySupply input, activations, accumulators;

  /// Whether a memory other than the weights' is on the scaled rail.
  bool others_scaled() const;
  /// Whether a memory has a supply of its own that is not Vmin.
  bool any_fixed() const;
  /// For prices, with the scaled rail at `voltage`.
  technology::Supply priced_at(double voltage) const;
};
/// Without an accelerator the weights are in a memory on the scaled rail.
MemorySupplies supplies_of(const std::optional<mapping::AcceleratorConfig>& accelerator);

/// How every memory is operated.
struct Conditions {
  std::optional<double> voltage;  // of the scaled rail, units of Vmin; none: no voltage is known
  chips::OperatingPoint rail;     // a memory on it (voltage 1 when none is known)
  chips::OperatingPoint supply;   // the same with rate 0 if the weight memory stays at Vmin
  chips::OperatingPoint weights;  // where the weight memory is accessed: boosted, or at Vmin
  MemoryPoints others;
};
/// Of weights alone, without an accelerator.
Conditions resident_at(const chips::OperatingPoint& point);

class Supplies {
 public:
  /// `technology` is null when none is known.
  Supplies(std::shared_ptr<const technology::Technology> technology, const TargetConfig& target,
           const MemoryRates& rates = {});

  /// With the scaled rail at `voltage`. InputError outside the technology's range. Without a
  /// technology there are no rates, which chips that fail by voltage do not need.
  Conditions at(double voltage) const;
  /// With memories on the scaled rail at a bit error rate that has no voltage. InputError for a
  /// boost, and for a fixed supply whose rate no technology knows.
  Conditions at_rate(double rate) const;
  /// The conditions that a voltage or else a bit error rate of the scaled rail asks for. Without
  /// both the rail is at Vmin, where memories with a supply or a rate of their own may fail all the
  /// same: none if there are no such memories. InputError for a voltage outside the technology's
  /// range, and for a fixed supply or a boost whose rate no technology knows.
  std::optional<Conditions> resolve(std::optional<double> voltage,
                                    std::optional<double> rate = std::nullopt) const;

  bool weights_scaled() const { return memories_.weights_scaled; }
  /// Whether a memory other than the weights' fails at any voltage of the technology, without a
  /// technology at any rate of the scaled rail.
  bool others_may_fail() const;
  /// Voltages of the rail at which the faults on a chip with steps change, ascending.
  std::vector<double> steps(const chips::Chip& chip) const;
  /// Dynamic energy of a weight read with all that protects it, relative to an unprotected one at
  /// Vmin.
  double weight_energy_relative(double voltage, const mitigation::Protection& protection) const;

 private:
  MemoryPoints others_at(const chips::OperatingPoint& rail) const;
  Conditions complete(std::optional<double> voltage, const chips::OperatingPoint& rail) const;

  std::shared_ptr<const technology::Technology> technology_;
  MemorySupplies memories_;
  bool has_others_;
  mitigation::Mitigations mitigations_;
  MemoryRates rates_;
};

}  // namespace brownout::experiment
