// SPDX-License-Identifier: Apache-2.0
// `brownout sweep`: configuration file and overrides to run_sweep, result to folder, text, JSON.
#include "sim/runs/sweep.hpp"

#include <memory>

#include "sim/base/error.hpp"
#include "sim/base/files.hpp"
#include "sim/cli/arguments.hpp"
#include "sim/cli/common.hpp"
#include "sim/cli/verbs.hpp"
#include "sim/command/verb.hpp"
#include "sim/report/plot.hpp"
#include "sim/report/results_text.hpp"
#include "sim/report/sweep_files.hpp"
#include "sim/results/store.hpp"

namespace brownout::cli {

namespace {

struct SweepOptions {
  CommonOptions common;
  std::string configuration, out, data;
  std::optional<std::int64_t> images, chips;
  bool no_plot = false;
  std::shared_ptr<Simulator> simulator;
};

/// The sweep's own technology is the one that counts.
void note_other_technology(const runs::SweepConfig& config, const Output& output) {
  if (!config.setup.target.accelerator) return;
  const std::filesystem::path& other = config.setup.target.accelerator->technology;
  if (sha256_hex(read_file(other)) == config.technology_sha256) return;
  output.note(fmt::format("technology: {} of the sweep is used, not {} of accelerator {}",
                          config.setup.technology->file().string(), other.string(),
                          config.setup.target.accelerator->name));
}

int run(const SweepOptions& options) {
  runs::SweepConfig config = runs::load_sweep(options.configuration);
  config.setup.simulator = options.simulator;
  runs::replace_settings({options.images, options.chips, options.common.seed, options.data},
                         config);

  std::vector<std::filesystem::path> inputs = config.models;
  inputs.insert(inputs.end(), {config.file, config.setup.technology->file()});
  if (config.setup.target.accelerator) inputs.push_back(config.setup.target.accelerator->file);
  if (!config.profile.empty()) inputs.push_back(config.profile);
  for (const runs::SweepMitigation& entry : config.mitigations) {
    if (!entry.what.sensitivity.empty()) inputs.emplace_back(entry.what.sensitivity);
  }
  const std::filesystem::path folder =
      options.out.empty() ? runs::default_folder(config) : std::filesystem::path(options.out);
  expect_own_file({"--json", options.common.json}, {"--out", folder});
  for (const std::string& name : results::folder_names()) {
    expect_own_file({"--json", options.common.json}, {"--out", folder / name});
  }
  const Output output(options.common, inputs);
  note_other_technology(config, output);
  announce_interrupts("the sweep");
  const FieldNames places = config.places;
  const results::SweepResult result = name_fields(places, [&] {
    return runs::run_sweep(std::move(config), folder, options.common.thread_count(),
                           options.common.quiet);
  });

  const report::SweepFiles files = report::sweep_files(result);
  report::write_files(files, folder);
  if (!options.no_plot) {
    if (const auto problem = report::draw_plot(result, folder / "sweep.svg")) {
      output.note(*problem);
    }
  }
  output.json(files.json);
  output.text(report::sweep_text(result));
  return 0;
}

}  // namespace

Action add_sweep(Verb& verb) {
  const auto options = std::make_shared<SweepOptions>();
  options->simulator = verb.simulator();
  verb.takes_shipped(verb.add_option("CONFIG", options->configuration,
                                     "Sweep: its name or file (YAML, docs/sweep-file.md)")
                         ->required()
                         ->type_name(""),
                     kShippedSweeps);
  verb.add_option("--out", options->out,
                  "Folder of the results (default: out/ and the name of CONFIG); one that holds a "
                  "part of this sweep is continued")
      ->type_name("DIR");
  verb.add_option("--images", options->images, "First N images, instead of the file's")
      ->type_name("N")
      ->transform(integer_in(1, runs::kMaxImages));
  verb.add_option("--chips", options->chips, "Random chips, instead of the file's")
      ->type_name("N")
      ->transform(integer_in(1, runs::kMaxChips));
  verb.add_option("--data", options->data, "Folder of the dataset, instead of the file's")
      ->type_name("DIR");
  verb.add_flag("--no-plot", options->no_plot, "Do not draw sweep.svg");
  add_common(verb, options->common);
  add_seed(verb, options->common, "the file's");
  return [options] { return run(*options); };
}

}  // namespace brownout::cli
