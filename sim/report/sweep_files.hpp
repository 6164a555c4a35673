// SPDX-License-Identifier: Apache-2.0
// The files that a finished sweep leaves in its folder, beside the rows and the picture.
#pragma once
#include <filesystem>
#include <string>

#include "sim/results/sweep_result.hpp"

namespace brownout::report {

/// Their texts; "": there is no such file.
struct SweepFiles {
  std::string points_csv, samples_csv, safe_voltage_csv;
  std::string differences_csv;  // "": the sweep compares nothing
  std::string json;
};
SweepFiles sweep_files(const results::SweepResult& result);

/// Writes points.csv, samples.csv, safe_voltage.csv (not of rates), differences.csv (if points are
/// compared) and sweep.json.
void write_files(const SweepFiles& files, const std::filesystem::path& folder);

}  // namespace brownout::report
