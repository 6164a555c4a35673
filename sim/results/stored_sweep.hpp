// SPDX-License-Identifier: Apache-2.0
// A finished sweep, read back from its folder.
#pragma once
#include <array>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "sim/base/energy_ledger.hpp"
#include "sim/base/json.hpp"

namespace brownout::results {

/// Of a point of a sweep with `precision`.
struct StoredPrecision {
  std::string population;  // what the interval is for
  double confidence = 0.95, half_width_points = 0.0;
  std::array<double, 2> interval{};  // of the mean error, percent
  bool reached = true;
  std::int64_t evaluations = 0;  // images, over all chips
};

struct StoredPoint {
  std::string model, mitigation;
  std::optional<double> voltage;  // units of Vmin; none in a sweep over rates
  double rate = 0.0;              // fraction
  std::optional<double> energy_sram_rel, weight_area_rel;
  // On an accelerator, per image.
  std::optional<double> cycles, latency_ms;
  std::optional<EnergyLedger> energy;  // µJ
  std::optional<double> energy_rel;
  std::optional<std::array<double, 2>> energy_range_uj;
  Json pricing;  // what the energy is computed from; null: not stored
  std::int64_t chips = 0, images = 0;
  double err = 0.0, rerr_mean = 0.0;  // percent
  std::optional<double> rerr_std;
  std::optional<std::array<double, 2>> rerr_ci95, rerr_ci95_all;
  std::optional<StoredPrecision> precision;
  bool on_front = false;  // SweepResult::fronts, `pareto`

  /// µJ × ms of an inference.
  std::optional<double> energy_delay() const;
  /// What points of the sweep differ in: the voltage, or the rate where there is none.
  double level() const { return voltage.value_or(rate); }
};

struct StoredSafeVoltage {
  std::string model, mitigation;
  std::optional<double> voltage;  // none: the highest one does not hold
  double err = 0.0;
  std::optional<double> rate, rerr_mean, rerr_std, rerr_worst;
  std::optional<std::int64_t> within, stated_on;
  std::optional<double> saving_access_pct, saving_all_pct;
  std::optional<double> energy_uj, latency_ms;  // none: not stored, or without an accelerator
  std::optional<std::array<double, 2>> saving_all_range_pct;
};

/// A row of the store.
struct StoredChip {
  std::string model, mitigation, chip;
  double level = 1.0;  // as of points
  double rerr = 0.0;   // percent
};

struct StoredModel {
  std::string name, file, sha256;
  std::int64_t weights = 0;
  Json pricing_at_vmin;  // of the unprotected accelerator; null: not stored
};

struct StoredSweep {
  std::filesystem::path folder;
  std::string part;      // of a grid of accelerators: what this one varies; "" for a sweep on one
  bool by_rate = false;  // points are bit error rates, without voltages and energies
  std::string technology, rail, engine;  // "": none
  std::string accelerator;               // "": none
  std::optional<double> clock_mhz;
  std::string chip_note;  // what must be said of a profile; "": nothing
  bool places = false;    // of one die, not chips
  std::vector<std::string> notes;
  std::string remark;             // what the folder lacks; "": nothing
  bool compares_networks = true;  // in `pareto_front`, else each network is there by itself
  std::vector<StoredModel> models;
  std::vector<std::string> mitigations;
  std::vector<StoredPoint>
      points;  // networks in file order, mitigations likewise, voltages falling or rates rising
  std::vector<StoredPoint> extra_points;
  std::vector<StoredSafeVoltage> safe_voltage;
  std::vector<StoredChip> chips;  // every die at every voltage that was evaluated
  Json configuration;
  Json pricing;         // coefficients and rail of this accelerator; null: not stored
  std::string dataset;  // "fashion-mnist, test", and its hash
  std::string dataset_sha256;
};

/// One for each accelerator of the sweep. The dies of a grid whose accelerators differ in their
/// errors are not known apart, so such sweeps have no `chips`. InputError for a folder that is not
/// that of a finished sweep, or that a sweep is using.
std::vector<StoredSweep> read_sweeps(const std::filesystem::path& folder);

/// InputError for sweeps whose errors were measured on different images, and for some over voltages
/// beside some over rates.
void expect_comparable(const std::vector<StoredSweep>& sweeps);

}  // namespace brownout::results
