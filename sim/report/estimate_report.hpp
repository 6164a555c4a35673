// SPDX-License-Identifier: Apache-2.0
// Closed-form cycles of layers as a table, as JSON, and as SCALE-Sim's COMPUTE_REPORT.csv.
#pragma once
#include <string>
#include <vector>

#include "sim/estimate/estimate.hpp"

namespace brownout::report {

/// "2 of 9 layers are sparse (2:4); cycles and MACs are those of dense layers", or "".
std::string sparsity_remark(const estimate::Estimate& estimate);
std::string estimate_text(const estimate::Estimate& estimate);
/// docs/estimate.md lists the fields. `source` is the file the layers came from, `remarks` what was
/// passed over in it.
std::string estimate_json(const estimate::Estimate& estimate, const std::string& source,
                          const std::vector<std::string>& remarks);
/// The columns of SCALE-Sim v2 with its spaces, its numbers and its comma at the end of each line.
std::string compute_report_csv(const estimate::Estimate& estimate);

}  // namespace brownout::report
