// SPDX-License-Identifier: Apache-2.0
// `brownout sweep`: configuration file and overrides to run_sweep, result to folder, text, JSON.
#include "sim/runs/sweep.hpp"

#include <unistd.h>

#include <CLI/CLI.hpp>
#include <csignal>
#include <memory>

#include "sim/base/error.hpp"
#include "sim/base/files.hpp"
#include "sim/cli/arguments.hpp"
#include "sim/cli/common.hpp"
#include "sim/cli/verbs.hpp"
#include "sim/report/csv.hpp"
#include "sim/report/plot.hpp"
#include "sim/report/results_json.hpp"
#include "sim/report/results_text.hpp"
#include "sim/results/store.hpp"

namespace brownout::cli {

namespace {

struct SweepOptions {
  CommonOptions common;
  std::string configuration, out, images, chips, data;
  bool no_plot = false;
};

/// What is stored stays; nothing needs to be told to the sweep.
void on_interrupt(int signal) {
  constexpr char kText[] = "\nbrownout: interrupted; the same command continues the sweep\n";
  const ssize_t ignored = ::write(STDERR_FILENO, kText, sizeof kText - 1);
  static_cast<void>(ignored);
  std::signal(signal, SIG_DFL);
  ::raise(signal);
}

/// Not if the caller ignores SIGINT, as a shell does for commands in the background.
void announce_interrupts() {
  if (std::signal(SIGINT, on_interrupt) == SIG_IGN) std::signal(SIGINT, SIG_IGN);
}

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
  const int threads = options.common.thread_count();
  runs::SweepConfig config = runs::load_sweep(options.configuration);
  if (!options.images.empty()) {
    config.setup.images.count = parse_integer("--images", options.images, 1, 100'000'000);
    config.setup.images.count_origin = "--images";
  }
  if (!options.chips.empty()) {
    config.chips = parse_integer("--chips", options.chips, 1, runs::kMaxChips);
  }
  config.seed = options.common.seed_or(config.seed);
  if (!options.data.empty()) {
    config.setup.images.folder = options.data;
    config.setup.images.folder_origin.clear();
  }

  std::vector<std::filesystem::path> inputs = config.models;
  inputs.insert(inputs.end(), {config.file, config.setup.technology->file()});
  if (config.setup.target.accelerator) inputs.push_back(config.setup.target.accelerator->file);
  if (!config.profile.empty()) inputs.push_back(config.profile);
  for (const runs::SweepMitigation& entry : config.mitigations) {
    if (!entry.what.sensitivity.empty()) inputs.emplace_back(entry.what.sensitivity);
  }
  const std::filesystem::path folder = options.out.empty()
                                           ? std::filesystem::path("out") / config.file.stem()
                                           : std::filesystem::path(options.out);
  expect_own_file({"--json", options.common.json}, {"--out", folder});
  for (const std::string& name : results::folder_names()) {
    expect_own_file({"--json", options.common.json}, {"--out", folder / name});
  }
  const Output output(options.common, inputs);
  note_other_technology(config, output);
  announce_interrupts();
  const results::SweepResult result =
      runs::run_sweep(std::move(config), folder, threads, options.common.quiet);

  const std::string json = report::sweep_json(result);
  write_file_atomically(folder / "points.csv", report::points_csv(result));
  write_file_atomically(folder / "safe_voltage.csv", report::safe_voltage_csv(result));
  write_file_atomically(folder / "sweep.json", json);
  if (!options.no_plot) {
    if (const auto problem = report::draw_plot(result, folder / "sweep.svg")) {
      output.note(*problem);
    }
  }
  output.json(json);
  output.text(report::sweep_text(result));
  return 0;
}

}  // namespace

Action add_sweep(CLI::App& verb) {
  const auto options = std::make_shared<SweepOptions>();
  verb.add_option("CONFIG", options->configuration, "Sweep file (YAML, docs/command.md)")
      ->required()
      ->type_name("");
  verb.add_option("--out", options->out,
                  "Folder of the results (default: out/ and the name of CONFIG); one that holds a "
                  "part of this sweep is continued")
      ->type_name("DIR");
  verb.add_option("--images", options->images, "First N images, instead of the file's")
      ->type_name("N");
  verb.add_option("--chips", options->chips, "Random chips, instead of the file's")->type_name("N");
  verb.add_option("--data", options->data, "Folder of the dataset, instead of the file's")
      ->type_name("DIR");
  verb.add_flag("--no-plot", options->no_plot, "Do not draw sweep.svg");
  add_common(verb, options->common);
  add_seed(verb, options->common);
  return [options] { return run(*options); };
}

}  // namespace brownout::cli
