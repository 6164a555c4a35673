// SPDX-License-Identifier: Apache-2.0
// `brownout sweep`: configuration file and overrides to run_sweep, result to folder, text, JSON.
#include "sim/runs/sweep.hpp"

#include <memory>

#include "sim/base/error.hpp"
#include "sim/base/files.hpp"
#include "sim/cli/arguments.hpp"
#include "sim/cli/common.hpp"
#include "sim/cli/shard_option.hpp"
#include "sim/cli/sweep_output.hpp"
#include "sim/cli/verbs.hpp"
#include "sim/command/verb.hpp"
#include "sim/report/plot.hpp"
#include "sim/report/results_text.hpp"
#include "sim/report/sweep_files.hpp"
#include "sim/results/store.hpp"
#include "sim/workers/ranks.hpp"

namespace brownout::cli {

namespace {

struct SweepOptions {
  CommonOptions common;
  std::string configuration, out, data, shard;
  std::optional<std::int64_t> images, chips;
  bool no_plot = false;
  std::shared_ptr<Simulator> simulator;
  const Verb* verb = nullptr;
};

/// The sweep's own technology is the one that counts.
void note_other_technology(const runs::SweepConfig& config, const Output& output) {
  if (!config.setup.target.accelerator || config.by_rate()) return;
  const std::filesystem::path& other = config.setup.target.accelerator->technology;
  if (sha256_hex(read_file(other)) == config.technology_sha256) return;
  output.note(fmt::format("technology: {} of the sweep is used, not {} of accelerator {}",
                          config.setup.technology->file().string(), other.string(),
                          config.setup.target.accelerator->name));
}

int run(const SweepOptions& options) {
  std::optional<workers::Shard> shard;
  if (!options.shard.empty()) shard = workers::parse_shard(options.shard);
  runs::SweepConfig config = runs::load_sweep(options.configuration);
  config.setup.simulator = options.simulator;
  const runs::SweepOverrides overrides{options.images, options.chips, options.common.seed,
                                       options.data};
  runs::replace_settings(overrides, config);
  const FieldNames places = config.places;
  runs::SweepHow how;
  how.ranks = options.verb->ranks();
  how.threads = options.common.thread_count(how.ranks);
  how.quiet = options.common.quiet;
  if (how.ranks != nullptr && how.ranks->rank() > 0) {
    return name_fields(places, [&] { return runs::serve_sweep(std::move(config), how); });
  }

  std::vector<std::filesystem::path> inputs = config.models;
  inputs.push_back(config.file);
  if (config.setup.technology) inputs.push_back(config.setup.technology->file());
  if (config.setup.target.accelerator) inputs.push_back(config.setup.target.accelerator->file);
  if (!config.profile.empty()) inputs.push_back(config.profile);
  for (const runs::SweepMitigation& entry : config.mitigations) {
    if (!entry.what.sensitivity.empty()) inputs.emplace_back(entry.what.sensitivity);
  }
  const std::filesystem::path folder = options.out.empty()
                                           ? shard_folder(runs::default_folder(config), shard)
                                           : std::filesystem::path(options.out);
  expect_own_files(options.common.json, "--out", folder,
                   results::folder_names(shard ? runs::shard_kind() : results::sweep_kind()));
  const Output output(options.common, inputs);
  note_other_technology(config, output);
  announce_interrupts("the sweep");
  how.folder = folder;
  if (shard) {
    // A merge may be started in another folder.
    runs::SweepOfShard sweep{std::filesystem::absolute(config.file), overrides};
    std::filesystem::path& data = sweep.overrides.data_folder;
    if (!data.empty()) data = std::filesystem::absolute(data);
    const runs::ShardRecord record{*shard, {}, std::move(sweep)};
    const std::int64_t rows = name_fields(
        places, [&] { return runs::run_shard(std::move(config), how, *shard, record); });
    output.text(shard_text(*shard, rows, folder));
    return 0;
  }
  const results::SweepResult result =
      name_fields(places, [&] { return runs::run_sweep(std::move(config), how); });
  give_sweep(result, folder, options.no_plot, output);
  return 0;
}

}  // namespace

void give_sweep(const results::SweepResult& result, const std::filesystem::path& folder,
                bool no_plot, const Output& output) {
  const report::SweepFiles files = report::sweep_files(result);
  report::write_files(files, folder);
  if (!no_plot) {
    if (const auto problem = report::draw_plot(result, folder / "sweep.svg")) {
      output.note(*problem);
    }
  }
  output.json(files.json);
  output.text(report::sweep_text(result));
}

Action add_sweep(Verb& verb) {
  const auto options = std::make_shared<SweepOptions>();
  options->simulator = verb.simulator();
  options->verb = &verb;
  verb.runs_on_ranks();
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
  add_shard(verb, options->shard);
  verb.add_flag("--no-plot", options->no_plot, "Do not draw sweep.svg");
  add_common(verb, options->common);
  add_seed(verb, options->common, "the file's");
  verb.excludes("--shard", {"--json", "--no-plot"},
                "{} is of a whole sweep; expected it with brownout merge");
  return [options] { return run(*options); };
}

}  // namespace brownout::cli
