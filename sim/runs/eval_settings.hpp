// SPDX-License-Identifier: Apache-2.0
// Settings of the two verbs that a library has too: `eval`, and `run`.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "sim/runs/accelerator_run.hpp"
#include "sim/runs/chip_choice.hpp"
#include "sim/runs/eval.hpp"
#include "sim/runs/settings.hpp"

namespace brownout::runs {

/// Images of a batch for batch statistics when nobody says how many, as trainings take.
inline constexpr int kStatisticsBatch = 128;

/// Fields: those of the members, and of their members.
struct EvalSettings {
  SetupSettings setup;
  std::optional<double> rate, weight_noise;
  ChipChoice chips;
  std::string only_tensors, only_layers, only_bits;
  bool batch_statistics = false;
};

/// What does not depend on the operating point, with the technology unless it is weight noise.
experiment::Setup eval_setup(const EvalSettings& settings);
/// The operating point and its chips, for a configuration that has the setup. InputError for values
/// that do not go together.
void set_conditions(const EvalSettings& settings, EvalConfig& config);
/// Both, without a network.
EvalConfig eval_config(const EvalSettings& settings);

struct RunSettings {
  SetupSettings setup;
  std::string chip;
  std::optional<std::int64_t> seed;  // of the chip, when it is not named
};

/// Without a network.
RunConfig run_config(const RunSettings& settings);

}  // namespace brownout::runs
