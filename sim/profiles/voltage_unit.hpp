// SPDX-License-Identifier: Apache-2.0
// Voltages as people state them: in units of Vmin, in volts or in millivolts.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "sim/profiles/chip_profile.hpp"

namespace brownout::profiles {

/// "V", "mV" and "Vmin".
const std::vector<std::string>& voltage_units();

/// Turns voltages of one unit into units of Vmin.
class VoltageScale {
 public:
  VoltageScale() = default;  // Vmin
  /// `unit` is one of voltage_units(). InputError for volts and millivolts when Vmin is not known
  /// (0 V). Fields: "voltage_unit", "vmin_volt".
  VoltageScale(const std::string& unit, double vmin_volt);

  /// A voltage of a text, in units of Vmin. InputError, which begins with `where`, unless it is a
  /// number between 0.01 and 10 Vmin.
  double parse(const std::string& where, std::string_view text) const;
  bool in_vmin() const { return volts_ == 0.0; }

 private:
  double per_volt_ = 1.0;  // units in a volt
  double volts_ = 0.0;     // Vmin in volts; 0: the unit is Vmin
  std::string unit_ = "Vmin";
};

/// What is suspicious about the voltages of a profile that was imported.
struct VoltageDoubts {
  /// Of a level at or above Vmin that has faulty cells, although Vmin is the lowest voltage at
  /// which no cell fails.
  struct AboveVmin {
    double voltage = 1.0;
    std::uint64_t cells = 0;
  };
  std::vector<AboveVmin> faults_above_vmin;
  /// All voltages are below Vmin in volts, or so low that they can hardly be units of Vmin.
  bool like_volts = false;
};
VoltageDoubts voltage_doubts(const Profile& profile);

}  // namespace brownout::profiles
