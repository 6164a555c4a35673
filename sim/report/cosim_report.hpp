// SPDX-License-Identifier: Apache-2.0
// A co-simulation as JSON and text.
#pragma once

#include <string>

#include "sim/runs/cosim_run.hpp"

namespace brownout::report {

/// docs/output.md lists the fields.
std::string cosim_json(const runs::CosimRun& run);
/// A table per layer; where the sides first differ; the verdict as the last line.
std::string cosim_text(const runs::CosimRun& run);

}  // namespace brownout::report
