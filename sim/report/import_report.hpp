// SPDX-License-Identifier: Apache-2.0
// What an imported network lost by its codes, as text and JSON.
#pragma once

#include <string>
#include <vector>

#include "sim/runs/import_model.hpp"

namespace brownout::report {

/// `out`: the file that was written.
std::string import_text(const runs::ImportConfig& config, const runs::ImportResult& result,
                        const std::string& out);
/// Pretty-printed, with a newline at the end. Errors in percent, noise in dB (null: no noise).
/// `remarks`: what was said beside the result; no field without any.
std::string import_json(const runs::ImportConfig& config, const runs::ImportResult& result,
                        const std::string& out, const std::vector<std::string>& remarks);

}  // namespace brownout::report
