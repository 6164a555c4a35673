// SPDX-License-Identifier: Apache-2.0
// What an inference takes, in energies by component. sim/technology fills them in from counts.
#pragma once

#include <array>
#include <optional>

namespace brownout {

/// Energy by component, in µJ. The first six are dynamic. `mitigation` is what the protection of
/// the weight memory adds, dynamic and leakage, to the two components of the unprotected memory on
/// the same rail.
struct EnergyLedger {
  double weight_sram = 0.0;
  double activation_sram = 0.0;
  double accumulator_sram = 0.0;
  double macs = 0.0;
  double vector = 0.0;
  double dram = 0.0;
  double weight_leakage = 0.0;
  double activation_leakage = 0.0;
  double accumulator_leakage = 0.0;
  double logic_leakage = 0.0;
  double mitigation = 0.0;

  /// The sum of all parts, added in the order of kEnergyLedgerFields.
  double total() const;
  /// Adds part by part: layers add up to a network, images to a run.
  EnergyLedger& operator+=(const EnergyLedger& o);
};

/// A component and its name in result files.
struct EnergyLedgerField {
  const char* name;
  double EnergyLedger::*energy;
};

/// Every component, in the order of the struct.
inline constexpr std::array<EnergyLedgerField, 11> kEnergyLedgerFields = {{
    {"weight_sram", &EnergyLedger::weight_sram},
    {"activation_sram", &EnergyLedger::activation_sram},
    {"accumulator_sram", &EnergyLedger::accumulator_sram},
    {"macs", &EnergyLedger::macs},
    {"vector", &EnergyLedger::vector},
    {"dram", &EnergyLedger::dram},
    {"weight_leakage", &EnergyLedger::weight_leakage},
    {"activation_leakage", &EnergyLedger::activation_leakage},
    {"accumulator_leakage", &EnergyLedger::accumulator_leakage},
    {"logic_leakage", &EnergyLedger::logic_leakage},
    {"mitigation", &EnergyLedger::mitigation},
}};
static_assert(sizeof(EnergyLedger) == kEnergyLedgerFields.size() * sizeof(double));

inline double EnergyLedger::total() const {
  double sum = 0.0;
  for (const EnergyLedgerField& field : kEnergyLedgerFields) sum += this->*field.energy;
  return sum;
}

inline EnergyLedger& EnergyLedger::operator+=(const EnergyLedger& o) {
  for (const EnergyLedgerField& field : kEnergyLedgerFields) this->*field.energy += o.*field.energy;
  return *this;
}

/// A ledger, and the same with all coefficients at the low and at the high ends of their ranges.
struct EnergyRange {
  EnergyLedger value;
  std::optional<std::array<EnergyLedger, 2>> ends;  // none: no range is stated
};

}  // namespace brownout
