// SPDX-License-Identifier: Apache-2.0
// Each file whole or not at all.
#include "sim/report/sweep_files.hpp"

#include "sim/base/files.hpp"
#include "sim/report/csv.hpp"
#include "sim/report/difference_report.hpp"
#include "sim/report/results_json.hpp"
#include "sim/report/samples_csv.hpp"

namespace brownout::report {

SweepFiles sweep_files(const results::SweepResult& result) {
  return {points_csv(result), samples_csv(result), result.by_rate ? "" : safe_voltage_csv(result),
          sweep_differences_csv(result), sweep_json(result)};
}

void write_files(const SweepFiles& files, const std::filesystem::path& folder) {
  write_file_atomically(folder / "points.csv", files.points_csv);
  write_file_atomically(folder / "samples.csv", files.samples_csv);
  if (!files.safe_voltage_csv.empty()) {
    write_file_atomically(folder / "safe_voltage.csv", files.safe_voltage_csv);
  }
  const std::filesystem::path differences = folder / "differences.csv";
  if (!files.differences_csv.empty()) {
    write_file_atomically(differences, files.differences_csv);
  } else {
    std::error_code ignored;  // of a run that compared; this one does not
    std::filesystem::remove(differences, ignored);
  }
  write_file_atomically(folder / "sweep.json", files.json);
}

}  // namespace brownout::report
