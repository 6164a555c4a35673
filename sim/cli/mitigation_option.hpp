// SPDX-License-Identifier: Apache-2.0
// The option --mitigation of verbs that read weights through a chip.
#pragma once

#include <CLI/CLI.hpp>
#include <string>

#include "sim/experiment/target.hpp"
#include "sim/mitigation/mitigations.hpp"

namespace brownout::cli {

inline void add_mitigation_option(CLI::App& verb, std::string& text) {
  verb.add_option("--mitigation", text,
                  "What is done against failing cells of the weight memory: none, or of " +
                      mitigation::part_forms() +
                      ", joined by + (default: what the accelerator file says, else none)")
      ->type_name("TEXT");
}

/// Replaces what the accelerator's file says; "" leaves that as it is.
inline void set_mitigations(const std::string& text, experiment::TargetConfig& target) {
  if (!text.empty()) target.set_mitigations(mitigation::parse_mitigations(text, "--mitigation"));
}

}  // namespace brownout::cli
