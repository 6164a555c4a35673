// SPDX-License-Identifier: Apache-2.0
// Options of every verb that runs images through a network, in groups: which images, on what, at
// which operating point, on which chip.
#pragma once

#include <string>
#include <vector>

#include "sim/cli/common.hpp"
#include "sim/command/verb.hpp"
#include "sim/runs/settings.hpp"

namespace brownout::cli {

using SetupOptions = runs::SetupSettings;
using runs::default_technology;
using runs::file_of;
using runs::load_named_accelerator;
using runs::named_technology;
using runs::set_data;
using runs::set_mitigations;
using runs::set_supplies;
using runs::technology_of;
using runs::voltage_of;

/// --images, --dataset, --split, --data, --bit-offset, --evaluation-seed and --reads.
/// `all_images` describes their number by default.
void add_data_options(Verb& verb, SetupOptions& options, const std::string& all_images = "all");
/// --engine.
void add_engine(Verb& verb, SetupOptions& options, const std::string& help,
                const std::vector<std::string>& names, const std::string& usual);

/// --accelerator, --batch, --mitigation, --supply and --memory-rate.
struct TargetHelp {
  std::string accelerator, batch, usual_batch;
};
void add_target_options(Verb& verb, SetupOptions& options, const TargetHelp& help);

/// --voltage and --technology.
void add_operating_point(Verb& verb, SetupOptions& options, const std::string& voltage_help);

/// What completion offers where a chip is named.
Offer chip_offer();

/// --chip and --seed of verbs that take one chip.
void add_one_chip(Verb& verb, std::string& chip, CommonOptions& common);

}  // namespace brownout::cli
