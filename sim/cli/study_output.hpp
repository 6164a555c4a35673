// SPDX-License-Identifier: Apache-2.0
// What a whole study gives, whoever computed it.
#pragma once
#include <filesystem>

#include "sim/cli/common.hpp"
#include "sim/study/study_result.hpp"

namespace brownout::cli {

/// Writes the files of the folder and the JSON, prints the table. RunError for rows without
/// numbers.
void give_study(const study::StudyResult& result, const std::filesystem::path& folder, bool no_plot,
                const Output& output);

}  // namespace brownout::cli
