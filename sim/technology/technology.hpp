// SPDX-License-Identifier: Apache-2.0
// What silicon does at a supply voltage: bit error rate and SRAM energy, from a technology YAML
// that states a source for every row.
#pragma once
#include <filesystem>
#include <string>
#include <vector>

namespace brownout::technology {

class Technology {
 public:
  static Technology load(const std::filesystem::path& file);

  const std::string& name() const { return name_; }
  double lowest_voltage() const { return lowest_; }  // of the validity range, units of Vmin
  double highest_voltage() const { return highest_; }

  /// p(V): probit-linear between the published points, the end slopes beyond them, 0 at V >= Vmin.
  /// `voltage` in units of Vmin; InputError outside the validity range.
  double bit_error_rate(double voltage) const;
  /// The voltage with that rate (inverse of bit_error_rate); InputError when outside the range.
  double voltage_at_rate(double rate) const;
  /// Dynamic SRAM energy relative to Vmin: (V/Vmin)^2 at a constant clock.
  double sram_energy_relative(double voltage) const;

 private:
  struct Point {
    double voltage;
    double rate;
    double probit;
  };
  std::string name_;
  double lowest_ = 0.0, highest_ = 0.0;
  std::vector<Point> points_;  // ascending voltage, rates > 0
};

}  // namespace brownout::technology
