// SPDX-License-Identifier: Apache-2.0
// The public run(): settings to run_accelerator.
#include "brownout/experiment.hpp"
#include "sim/api/evaluation_results.hpp"
#include "sim/api/experiment_settings.hpp"
#include "sim/api/one_run.hpp"

namespace brownout {

namespace {

runs::RunSettings run_settings(const ExperimentConfig& config, std::optional<double> voltage,
                               const std::string& chip) {
  const std::pair<Field, bool> idle[] = {{{"batch_statistics"}, config.batch_statistics},
                                         {{"list_cells"}, config.list_cells},
                                         {{"only_tensors"}, !config.only_tensors.empty()},
                                         {{"only_layers"}, !config.only_layers.empty()},
                                         {{"only_bits"}, !config.only_bits.empty()}};
  for (const auto& [field, given] : idle) {
    if (given) throw InputError("{}: a run on an accelerator knows none; expected none", field);
  }
  if (config.accelerator.empty())
    throw InputError("{}: expected a name or a file, got none", Field{"accelerator"});
  runs::RunSettings settings;
  settings.setup = api::setup_settings(config, runs::run_engine_names(), "systemc");
  if (voltage) settings.setup.voltage = api::number_text(*voltage);
  settings.chip = chip;
  return settings;
}

}  // namespace

RunResult run(const Network& network, const ExperimentConfig& config, std::optional<double> voltage,
              const std::string& chip, const ProgressFunction& progress) {
  return api::library_call(progress, [&] {
    runs::RunConfig run = runs::run_config(run_settings(config, voltage, chip));
    run.model = network.internal()->file;
    run.network = network.internal();
    const api::OneRun simulating(config.simulator.get());
    return api::public_result(
        runs::run_accelerator(std::move(run), api::thread_count(config.threads),
                              /*quiet=*/true),
        config.keep_logits);
  });
}

}  // namespace brownout
