// SPDX-License-Identifier: Apache-2.0
// Options of every verb that runs images through a network, in groups: which images, on what, at
// which operating point, on which chip.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "sim/cli/common.hpp"
#include "sim/experiment/setup.hpp"

namespace brownout::cli {

struct SetupOptions {
  std::string engine;
  // Images, and how their weights are read.
  std::string dataset = "fashion-mnist", split = "test", data;
  std::optional<std::int64_t> images;
  std::int64_t bit_offset = 0, evaluation_seed = 0;
  std::string reads = "frozen";
  // The target.
  std::shared_ptr<Simulator> simulator;  // the verb's
  std::string accelerator, mitigation;
  std::optional<int> batch;
  std::vector<std::string> supplies, memory_rates;
  // The operating point.
  std::string voltage, technology;
};

/// --images, --dataset, --split, --data, --bit-offset, --evaluation-seed and --reads.
/// `all_images` describes their number by default.
void add_data_options(Verb& verb, SetupOptions& options, const std::string& all_images = "all");
/// The accelerator that --accelerator names: a file, or a shipped one by its name.
mapping::AcceleratorConfig load_named_accelerator(const std::string& text);
/// The file that --technology names likewise; "" when it was not given.
std::filesystem::path named_technology(const std::string& text);

/// Fills images, reads and the first cell.
void set_data(const SetupOptions& options, experiment::Setup& setup);

/// --engine.
void add_engine(Verb& verb, SetupOptions& options, const std::string& help,
                const std::vector<std::string>& names, const std::string& usual);

/// --accelerator, --batch, --mitigation, --supply and --memory-rate.
struct TargetHelp {
  std::string accelerator, batch, usual_batch;
};
void add_target_options(Verb& verb, SetupOptions& options, const TargetHelp& help);
/// What the accelerator's file says is replaced by mitigations and supplies that were given.
/// InputError for texts that are not MEMORY=VALUE, and for a memory named twice.
void set_mitigations(const SetupOptions& options, experiment::TargetConfig& target);
void set_supplies(const SetupOptions& options, experiment::Setup& setup);

/// --voltage and --technology.
void add_operating_point(Verb& verb, SetupOptions& options, const std::string& voltage_help);
/// The technology of the option, else that of the accelerator, without one the usual one; null when
/// there is none.
std::shared_ptr<const technology::Technology> technology_of(const SetupOptions& options,
                                                            const experiment::Setup& setup);
/// Its file; "" when there is none.
std::filesystem::path file_of(const std::shared_ptr<const technology::Technology>& technology);
/// The value of --voltage, if it was given. InputError outside the technology's range and without a
/// technology.
std::optional<double> voltage_of(const SetupOptions& options,
                                 const technology::Technology* technology);

/// --chip and --seed of verbs that take one chip.
void add_one_chip(Verb& verb, std::string& chip, CommonOptions& common);
/// The chip as --chip names it, else random:SEED of --seed. If nothing `fails` there is none;
/// InputError if one of the options was given all the same.
std::string one_chip(const CommonOptions& common, const std::string& chip, bool fails);

}  // namespace brownout::cli
