// SPDX-License-Identifier: Apache-2.0
// A sweep: networks × voltages × chips from a configuration into a folder, interrupted and
// continued at will.
#pragma once
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "sim/sweep/configuration.hpp"
#include "sim/sweep/point.hpp"

namespace brownout::sweep {

struct SafeVoltageRow {
  std::string model;
  std::string mitigation = "none";
  double max_drop_points = 0.0;
  std::optional<double> voltage;                  // none: the highest voltage loses more already
  std::optional<double> fails_at;                 // next lower voltage tried, which loses more
  std::optional<double> energy_saving_pct;        // of SRAM energy at Vmin
  std::optional<double> energy_saving_total_pct;  // of all energy at Vmin, on an accelerator
  std::optional<double> rate, rerr_mean;          // there
  double err = 0.0;                               // clean
};

struct SweepModel {
  std::string name;
  std::filesystem::path file;
  std::string sha256;
  int bits = 0;  // 0: widths differ
  std::int64_t weights = 0;
};

struct SweepResult {
  std::string technology;
  std::string chip_note;  // what must be said of a profile; empty: nothing
  std::string identity;   // the resolved configuration, JSON
  std::string engine;
  std::string accelerator;     // name; empty: none
  bool weights_scaled = true;  // else they stay at Vmin and have no faults
  std::vector<SweepModel> models;
  std::vector<std::string> mitigations{"none"};  // in the order of the list
  /// The grid: networks in file order, mitigations likewise, voltages descending.
  std::vector<Point> points;
  std::vector<Point> extra_points;         // evaluated between grid points to find safe voltages
  std::int64_t points_computed = 0;        // of the grid, in this run
  std::int64_t extra_points_computed = 0;  // of the others, in this run
  std::vector<SafeVoltageRow> safe_voltage;
  double seconds = 0.0;       // this run, from loading to the last point
  double images_per_s = 0.0;  // images × passes over their wall time; 0 when nothing was left
};

/// Runs what the folder does not hold yet. Everything is checked before the folder is touched.
/// `threads` changes time only.
SweepResult run_sweep(SweepConfig config, const std::filesystem::path& folder, int threads,
                      bool quiet);

}  // namespace brownout::sweep
