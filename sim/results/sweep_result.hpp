// SPDX-License-Identifier: Apache-2.0
// Everything a sweep found: its points, its safe voltages, and what they mean.
#pragma once
#include <array>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "sim/results/comparison.hpp"
#include "sim/results/fronts.hpp"
#include "sim/results/point.hpp"
#include "sim/results/safe_voltage.hpp"

namespace brownout::results {

/// A network of a sweep, read.
struct SweepModel {
  std::string name;
  std::filesystem::path file;
  std::string sha256;
  int bits = 0;  // 0: widths differ
  std::int64_t weights = 0;
};

/// Errors at a safe voltage on chips that played no part in its choice, percent.
struct StatedError {
  double rerr_mean = 0.0;
  std::optional<double> rerr_std;
  double rerr_worst = 0.0;
  std::int64_t within = 0;  // chips that lose at most what may be lost
};

/// One entry of SweepResult::safe.
struct SafeVoltageRow {
  std::string model;
  std::string mitigation = "none";
  std::string accelerator;         // its name; "": none
  std::optional<double> voltage;   // none: the highest voltage does not hold
  std::optional<double> fails_at;  // next lower voltage tried, which does not
  std::int64_t failed = 0;         // of the chips that chose the voltage, those that fail there
  std::int64_t tried = 0;          // chips and voltages that the choice evaluated beyond the grid
  std::optional<std::int64_t> evaluations;        // images of those, if some decide
  std::optional<double> energy_saving_pct;        // of an unprotected weight access at Vmin
  std::optional<double> energy_saving_total_pct;  // of all energy at Vmin, on an accelerator
  /// The same at the low and high ends of leakage; none: no range is stated.
  std::optional<std::array<double, 2>> energy_saving_total_ends_pct;
  std::optional<double> energy_uj, latency_ms;  // of an inference there, on an accelerator
  std::optional<double> rate;                   // there
  std::optional<StatedError> stated;            // there
  double err = 0.0;                             // clean
};

/// What a safe voltage means in a sweep.
struct SafeVoltageRule {
  double max_drop_points = 2.5;
  std::optional<YieldTarget> yield;           // none: of the mean
  std::int64_t chosen_on = 0, stated_on = 0;  // chips
  std::int64_t allowed = 0;                   // of those that choose, so many may fail (of a yield)
  std::string first_chosen, first_stated;     // names of the first chips
  bool places = false;                        // they are places of one die, not dies
  bool on_some_images = false;                // decide, as many as a die takes; else all do
};

/// One accelerator of a sweep.
struct SweptAccelerator {
  std::string name;
  double clock_mhz = 500.0;
  std::size_t errors_of = 0;  // the first of the list that has the same errors
  experiment::DramPrice dram;
  /// Of an inference of each network, unprotected, at Vmin; in the order of the networks.
  std::vector<experiment::PriceBasis> at_vmin{};
};

/// Two points of a sweep on the same chips and images: first - second.
struct PointDifference {
  std::size_t first = 0, second = 0;  // in SweepResult::points
  Difference difference;
};

struct SweepResult {
  std::string technology;  // "": none
  std::string rail;        // what it says of a supply below Vmin
  /// Points are bit error rates that have no voltage; there is no energy and no safe voltage then.
  bool by_rate = false;
  std::optional<experiment::PriceList> prices;  // on an accelerator
  std::string chip_note;                        // what must be said of a profile; empty: nothing
  std::string identity;                         // the resolved configuration, JSON
  std::string engine;
  bool labelled = true;     // else the clean predictions are the labels
  std::string accelerator;  // name, of a grid that of the file whose keys vary; empty: none
  std::vector<SweptAccelerator> accelerators;  // one, or those of the grid; none without
  bool weights_scaled = true;                  // else they stay at Vmin and have no faults
  std::vector<SweepModel> models;
  std::vector<std::string> mitigations{"none"};  // in the order of the list
  /// The grid: accelerators in their order, for each networks in file order, mitigations likewise,
  /// voltages descending or rates ascending.
  std::vector<Point> points;
  /// Each network at its safe voltage, on the chips that state what it is worth.
  std::vector<Point> extra_points;
  Fronts fronts;                           // of `points`; settle() fills it in
  std::int64_t points_computed = 0;        // of the grid, in this run
  std::int64_t extra_points_computed = 0;  // of the others, in this run
  SafeVoltageRule safe;
  std::vector<SafeVoltageRow> safe_voltage;
  std::vector<PointDifference> differences;  // that the sweep file asks for
  std::vector<double> steps;                 // of a profile without a boost: chips::Chip::steps
  double seconds = 0.0;                      // this run, from loading to the last point
  double images_per_s = 0.0;  // images × passes over their wall time; 0 when nothing was left

  std::vector<std::string> model_names() const;
  /// The same sweep on each accelerator by itself, with fronts of its own.
  std::vector<SweepResult> by_accelerator() const;
  /// When the points are known.
  void settle() { fronts = fronts_of(points, model_names()); }
};

}  // namespace brownout::results
