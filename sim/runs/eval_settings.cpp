// SPDX-License-Identifier: Apache-2.0
// Settings to EvalConfig and RunConfig.
#include "sim/runs/eval_settings.hpp"

#include <algorithm>

#include "sim/base/error.hpp"
#include "sim/base/setting_text.hpp"
#include "sim/chips/chip.hpp"

namespace brownout::runs {

namespace {

void set_selection(const EvalSettings& settings, weights::Selection& selection) {
  selection.tensors = parse_names(field_text("only_tensors"), settings.only_tensors);
  selection.layers = parse_names(field_text("only_layers"), settings.only_layers);
  if (settings.only_bits.empty()) return;
  weights::parse_bits(settings.only_bits, field_text("only_bits"), selection);
}

/// Whether all chips are profiles, which say themselves what fails at a voltage.
bool are_profiles(const ChipChoice& choice, chips::ChipFiles& files) {
  return !choice.named.empty() &&
         std::all_of(choice.named.begin(), choice.named.end(),
                     [&](const std::string& text) { return !files.make(text)->steps().empty(); });
}

/// The voltage that was given. Without an accelerator, profiles need nothing of a technology:
/// outside of its range there are no energies, and config.setup has no technology.
std::optional<double> given_voltage(const EvalSettings& settings, EvalConfig& config) {
  std::shared_ptr<const technology::Technology>& technology = config.setup.technology;
  constexpr double kHighest = 10.0;  // of profiles
  double voltage = 0.0;
  const bool outside =
      technology != nullptr && !config.setup.target.accelerator &&
      problem_of_number(settings.setup.voltage, 0.0, kHighest, voltage).empty() &&
      (voltage < technology->lowest_voltage() || voltage > technology->highest_voltage());
  if (!outside || !are_profiles(settings.chips, config.files))
    return voltage_of(settings.setup, technology.get());
  technology = nullptr;
  return voltage;
}

}  // namespace

experiment::Setup eval_setup(const EvalSettings& settings) {
  experiment::Setup setup;
  setup.engine = settings.setup.engine;
  setup.simulator = settings.setup.simulator;
  setup.batch_statistics = settings.batch_statistics;
  setup.target.batch =
      settings.setup.batch.value_or(settings.batch_statistics ? kStatisticsBatch : 1);
  set_data(settings.setup, setup);
  set_selection(settings, setup.reads.selection);
  if (!settings.setup.accelerator.empty()) {
    setup.target.accelerator = load_named_accelerator(settings.setup.accelerator);
  }
  set_mitigations(settings.setup, setup.target);
  set_supplies(settings.setup, setup);
  if (!settings.weight_noise) setup.technology = technology_of(settings.setup, setup);
  return setup;
}

void set_conditions(const EvalSettings& settings, EvalConfig& config) {
  config.rate = settings.rate;
  config.weight_noise = settings.weight_noise;
  if (!config.weight_noise) {
    config.voltage = given_voltage(settings, config);
    // On an accelerator a voltage has joules. A technology without is refused before anything runs.
    if (config.voltage && config.setup.target.accelerator) config.setup.technology->energy();
  }
  choose_chips(settings.chips, config);
}

EvalConfig eval_config(const EvalSettings& settings) {
  EvalConfig config;
  config.setup = eval_setup(settings);
  set_conditions(settings, config);
  return config;
}

RunConfig run_config(const RunSettings& settings) {
  RunConfig config;
  experiment::Setup& setup = config.setup;
  setup.engine = settings.setup.engine;
  setup.simulator = settings.setup.simulator;
  setup.target.accelerator = load_named_accelerator(settings.setup.accelerator);
  setup.target.batch = settings.setup.batch.value_or(1);
  set_mitigations(settings.setup, setup.target);
  set_supplies(settings.setup, setup);
  set_data(settings.setup, setup);
  setup.technology = technology_of(settings.setup, setup);
  if (setup.technology) setup.technology->energy();  // refuses one without before anything runs
  // The voltage of the rail, and which chip fails there.
  config.voltage = voltage_of(settings.setup, setup.technology.get());
  if (!config.voltage) {
    // Memories with a supply of their own fail at Vmin all the same.
    if (const auto at_vmin = setup.supplies().resolve(std::nullopt)) {
      config.voltage = at_vmin->voltage;
    }
  }
  config.chip = one_chip(settings.chip, settings.seed, config.voltage.has_value());
  return config;
}

}  // namespace brownout::runs
