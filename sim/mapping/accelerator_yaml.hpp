// SPDX-License-Identifier: Apache-2.0
// An accelerator as the text of a file, and the assignments that change one.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "sim/mapping/accelerator_config.hpp"

namespace brownout::mapping {

/// A file with every key and its unit, from which load_accelerator reads the same configuration.
/// `remarks` are lines of comment at its head. Technology and DRAM preset are named if they are
/// shipped ones; a technology that is not is an absolute path, a preset that is not becomes its
/// figures.
std::string accelerator_yaml(const AcceleratorConfig& config,
                             const std::vector<std::string>& remarks);

/// Assignments (YamlMap::load) that give keys of an accelerator file, dotted, these values, which
/// are YAML. Keys of the file that state the same size in another way, and those that stand beside
/// its DRAM preset when the preset changes, are removed.
std::vector<std::string> accelerator_assignments(
    const std::vector<std::pair<std::string, std::string>>& values);

/// InputError, beginning with `where`, for a text that is no dotted key.
void expect_key_path(const std::string& key, const std::string& where);

}  // namespace brownout::mapping
