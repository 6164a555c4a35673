// SPDX-License-Identifier: Apache-2.0
// What silicon does at a supply voltage (docs/technology.md).
#pragma once
#include <memory>
#include <string>

#include "brownout/chip.hpp"
#include "brownout/error.hpp"

namespace brownout {

namespace technology {
class Technology;
}

/// Voltages are in units of Vmin. Copies share the data.
class Technology {
 public:
  /// A shipped technology by its name, or a YAML file. InputError for anything else.
  explicit Technology(const std::string& name_or_file = "14nm-finfet");

  std::string name() const;
  std::string file() const;
  double lowest_voltage() const;
  double highest_voltage() const;

  /// p(V), a fraction. InputError outside the valid range, which it names. So are all below.
  double bit_error_rate(double voltage) const;
  /// The inverse of p(V).
  double voltage_at_rate(double rate) const;
  /// Voltage and rate of a memory.
  OperatingPoint at(double voltage) const { return {voltage, bit_error_rate(voltage)}; }
  /// Dynamic energy of an access, relative to Vmin, as the memory takes it from its supply.
  double sram_energy_relative(double voltage) const;
  /// Leakage power relative to Vmin. InputError when the file has no energies.
  double sram_leakage_relative(double voltage) const;

  const std::shared_ptr<const technology::Technology>& internal() const { return technology_; }

 private:
  std::shared_ptr<const technology::Technology> technology_;
};

}  // namespace brownout
