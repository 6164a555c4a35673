// SPDX-License-Identifier: Apache-2.0
// What silicon does at a supply voltage: bit error rate and energies, from a technology YAML that
// states a source for every row.
#pragma once
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "sim/mitigation/protection.hpp"
#include "sim/technology/energy.hpp"
#include "sim/technology/rail.hpp"
#include "sim/technology/voltage_curve.hpp"

namespace brownout::technology {

/// How far a row is to be trusted, as files say it: "measured", "published", "simulated", "derived"
/// or "assumed".
const std::vector<std::string>& trust_names();

/// A row of the file with where its numbers come from.
struct SourcedRow {
  std::string key;    // "energy.mac_pj"
  std::string value;  // "0.14", "0.000155 (0.000058 to 0.00155)"
  std::string trust;  // one of trust_names(); "": the file does not say it apart from the source
  std::string source;
};

class Technology {
 public:
  /// Reads a technology file (docs/technology.md). InputError for anything that is not allowed in
  /// it.
  static Technology load(const std::filesystem::path& file);

  const std::string& name() const { return name_; }
  const std::filesystem::path& file() const { return file_; }
  double lowest_voltage() const { return lowest_; }  // of the validity range, units of Vmin
  double highest_voltage() const { return highest_; }
  /// Vmin in volts, where the file states it.
  std::optional<double> vmin_volt() const { return vmin_volt_; }
  /// All rows, in the order of the file's blocks.
  const std::vector<SourcedRow>& rows() const { return rows_; }
  /// The voltages at which the file states a bit error rate, ascending.
  std::vector<double> stated_voltages() const;

  /// p(V): probit-linear between the published points, with the end slopes beyond them, 0 at V >=
  /// Vmin. `voltage` in units of Vmin; InputError outside the validity range.
  double bit_error_rate(double voltage) const;
  /// The lowest voltage whose rate is not above `rate`, which is the inverse of bit_error_rate. It
  /// is Vmin for rates smaller than any below Vmin, 0 included. InputError for rates above that of
  /// the lowest valid voltage.
  double voltage_at_rate(double rate) const;
  /// Dynamic SRAM energy relative to Vmin at a constant clock, (V/Vmin)^exponent or by the file's
  /// table, as the memory takes it from its supply. InputError outside the validity range.
  double sram_energy_relative(double voltage) const;
  /// The same energy as it is drawn through the regulator of the second rail, without level
  /// shifters.
  double access_energy_relative(double voltage) const;
  /// What a supply below Vmin costs; ideal when the file has no block `rail`.
  const Rail& rail() const { return rail_; }
  /// Energy of each event at Vmin, and leakage; with `end` each coefficient at that end of its
  /// range. InputError when the file has no block `energy`.
  const EnergyCoefficients& energy(RangeEnd end = RangeEnd::kValue) const;
  bool has_energies() const { return energy_.has_value(); }
  /// Whether any coefficient of the block `energy` has a range.
  bool has_range() const { return has_range_; }
  /// What mitigations cost. InputError when the file has no block `mitigation`.
  const mitigation::Coefficients& mitigation() const;
  /// Leakage power of an SRAM relative to Vmin, as the memory takes it. InputError outside the
  /// validity range, and when the file has no block `energy`.
  double sram_leakage_relative(double voltage) const;

 private:
  struct Point {
    double voltage;
    double rate;
    double probit;
  };
  Technology() = default;
  void check_voltage(double voltage) const;
  double rate_below_vmin(double voltage) const;

  std::filesystem::path file_;
  std::string name_;
  std::optional<double> vmin_volt_;
  std::vector<SourcedRow> rows_;
  double lowest_ = 0.0, highest_ = 0.0;
  VoltageCurve sram_energy_ = VoltageCurve::power(2.0);
  VoltageCurve sram_leakage_ = VoltageCurve::power(0.0);  // of the block `energy`
  Rail rail_;
  std::optional<EnergyCoefficients> energy_, energy_low_, energy_high_;
  bool has_range_ = false;
  std::optional<mitigation::Coefficients> mitigation_;
  std::vector<Point> points_;  // ascending voltage, all below Vmin, falling rates > 0
};

}  // namespace brownout::technology
