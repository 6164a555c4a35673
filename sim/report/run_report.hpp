// SPDX-License-Identifier: Apache-2.0
// A run on an accelerator as JSON, text and timeline; pricing a finished run again.
#pragma once

#include <string>

#include "sim/runs/accelerator_run.hpp"
#include "sim/runs/reprice.hpp"

namespace brownout::report {

/// docs/output.md lists the fields.
std::string run_json(const runs::AcceleratorRun& run);
std::string run_text(const runs::AcceleratorRun& run);

/// The modules' time in the Chrome trace format: a track for each of
/// accelerator::Module, one cycle a microsecond of the viewer (Perfetto, chrome://tracing).
std::string run_timeline(const runs::AcceleratorRun& run);

/// The run's JSON with the new prices: put_prices replaces what technology and voltage determine,
/// everything else stays.
std::string repriced_json(const runs::Repriced& repriced);
std::string repriced_text(const runs::Repriced& repriced);

}  // namespace brownout::report
