// SPDX-License-Identifier: Apache-2.0
// A run on an accelerator as JSON, text and timeline; pricing a finished run again.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "sim/runs/accelerator_run.hpp"

namespace brownout::report {

/// docs/command.md lists the fields.
std::string run_json(const runs::AcceleratorRun& run);
std::string run_text(const runs::AcceleratorRun& run);

/// The modules' time in the Chrome trace format: a track for each of
/// accelerator::Module, one cycle a microsecond of the viewer (Perfetto, chrome://tracing).
std::string run_timeline(const runs::AcceleratorRun& run);

/// The technology file that prices the JSON of an earlier run: `technology`, or the run's own when
/// that is empty.
std::filesystem::path repriced_technology(const std::filesystem::path& file,
                                          const std::filesystem::path& technology);

struct Repriced {
  std::string json, text;
};
/// An earlier run's JSON in which everything that technology and voltage determine is priced anew,
/// and its energies as text. `technology` empty: the run's own; `voltage` none: the run's own.
/// InputError for a file that is no such JSON, or whose layers do not add up to its totals.
Repriced reprice(const std::filesystem::path& file, const std::filesystem::path& technology,
                 std::optional<double> voltage);

}  // namespace brownout::report
