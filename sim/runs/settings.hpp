// SPDX-License-Identifier: Apache-2.0
// Settings of everything that runs images through a network, as people give them: options of the
// command and fields of the library. Messages call them by their fields.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "sim/experiment/setup.hpp"

namespace brownout::runs {

/// Fields: those of the members, but for "data_folder" (data), "supply" and "memory_rate".
struct SetupSettings {
  std::string engine;
  // Images, and how their weights are read.
  std::string dataset = "fashion-mnist", split = "test", data;
  std::optional<std::int64_t> images;
  std::int64_t bit_offset = 0, evaluation_seed = 0;
  std::string reads = "frozen";
  // The target.
  std::shared_ptr<Simulator> simulator;  // of an accelerator; none: null
  std::string accelerator, mitigation;
  std::optional<int> batch;
  std::vector<std::string> supplies, memory_rates;  // MEMORY=VALUE
  // The operating point.
  std::string voltage, technology;
};

/// The accelerator that is named: a file, or a shipped one by its name.
mapping::AcceleratorConfig load_named_accelerator(const std::string& text);
/// The file of a technology that is named likewise; "" for "".
std::filesystem::path named_technology(const std::string& text);
/// profiles/14nm-finfet.yaml of the source tree or the installation; "" when neither is there.
std::filesystem::path default_technology();

/// Fills images, reads and the first cell.
void set_data(const SetupSettings& settings, experiment::Setup& setup);
/// What the accelerator's file says is replaced by mitigations and supplies that were given.
/// InputError for texts that are not MEMORY=VALUE, for a memory named twice, and for supplies
/// without an accelerator.
void set_mitigations(const SetupSettings& settings, experiment::TargetConfig& target);
void set_supplies(const SetupSettings& settings, experiment::Setup& setup);

/// The technology that is named, else that of the accelerator, without one the usual one; null when
/// there is none.
std::shared_ptr<const technology::Technology> technology_of(const SetupSettings& settings,
                                                            const experiment::Setup& setup);
/// Its file; "" when there is none.
std::filesystem::path file_of(const std::shared_ptr<const technology::Technology>& technology);
/// The voltage, if it was given. InputError outside the technology's range and without a
/// technology.
std::optional<double> voltage_of(const SetupSettings& settings,
                                 const technology::Technology* technology);

/// The chip that is named, else random:SEED. If nothing `fails` there is none; InputError if one of
/// them was given all the same.
std::string one_chip(const std::string& chip, std::optional<std::int64_t> seed, bool fails);

}  // namespace brownout::runs
