// SPDX-License-Identifier: Apache-2.0
// The public sweep(): a file and what replaces its settings to run_sweep, the result to its folder.
#include <filesystem>

#include "brownout/experiment.hpp"
#include "sim/api/experiment_settings.hpp"
#include "sim/api/one_run.hpp"
#include "sim/base/setting_text.hpp"
#include "sim/base/shipped.hpp"
#include "sim/report/results_text.hpp"
#include "sim/report/sweep_files.hpp"
#include "sim/runs/sweep.hpp"

namespace brownout {

namespace {

runs::SweepOverrides overrides_of(const SweepOptions& options) {
  runs::SweepOverrides overrides;
  const auto set = [](const char* field, const auto& given, std::int64_t low, std::int64_t high,
                      std::optional<std::int64_t>& into) {
    if (given) into = parse_integer(field_text(field), std::to_string(*given), low, high);
  };
  set("images", options.images, 1, runs::kMaxImages, overrides.images);
  set("chips", options.chips, 1, runs::kMaxChips, overrides.chips);
  set("seed", options.seed, 0, runs::kMaxSeed, overrides.seed);
  overrides.data_folder = options.data;
  return overrides;
}

}  // namespace

SweepResult sweep(const std::string& file, const SweepOptions& options,
                  const ProgressFunction& progress) {
  return api::library_call(
      progress,
      [&] {
        static const char sweeps = 0;
        const api::OneRun sweeping(&sweeps);
        const api::OneRun simulating(options.simulator.get());
        runs::SweepConfig config = runs::load_sweep(find_shipped(kShippedSweeps, file, "sweep"));
        config.setup.simulator = options.simulator;
        runs::replace_settings(overrides_of(options), config);
        const std::filesystem::path folder = options.folder.empty()
                                                 ? runs::default_folder(config)
                                                 : std::filesystem::path(options.folder);
        const FieldNames places = config.places;
        const results::SweepResult result = name_fields(places, [&] {
          return runs::run_sweep(std::move(config),
                                 {folder, api::thread_count(options.threads), /*quiet=*/true});
        });
        report::SweepFiles files = report::sweep_files(result);
        report::write_files(files, folder);
        SweepResult all;
        all.folder = folder.string();
        all.json = std::move(files.json);
        all.csv = std::move(files.points_csv);
        all.samples_csv = std::move(files.samples_csv);
        all.safe_voltage_csv = std::move(files.safe_voltage_csv);
        all.text = report::sweep_text(result);
        return all;
      },
      options.overwrite);
}

}  // namespace brownout
