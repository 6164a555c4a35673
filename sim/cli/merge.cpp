// SPDX-License-Identifier: Apache-2.0
// `brownout merge`: the folders of a sweep's shards become the folder of the sweep.
#include <memory>

#include "sim/base/error.hpp"
#include "sim/base/json.hpp"
#include "sim/cli/common.hpp"
#include "sim/cli/sweep_output.hpp"
#include "sim/cli/verbs.hpp"
#include "sim/command/verb.hpp"
#include "sim/runs/sweep.hpp"

namespace brownout::cli {

namespace {

namespace fs = std::filesystem;

struct MergeOptions {
  CommonOptions common;
  std::string out, configuration;
  std::vector<std::string> shards;
  bool no_plot = false;
  std::shared_ptr<Simulator> simulator;
};

int run(const MergeOptions& options) {
  const std::vector<fs::path> shards(options.shards.begin(), options.shards.end());
  const runs::ShardRecord record = runs::common_record(shards);
  const fs::path file =
      options.configuration.empty() ? record.file : fs::path(options.configuration);
  std::error_code error;
  if (!fs::exists(file, error)) {
    throw InputError(
        "{}: the sweep file of the shards is not there any more; say where it is with "
        "--config FILE",
        file.string());
  }
  runs::SweepConfig config = runs::load_sweep(file);
  config.setup.simulator = options.simulator;
  runs::replace_settings(record.overrides, config);
  const FieldNames places = config.places;
  const fs::path folder = options.out;
  expect_own_file({"--json", options.common.json}, {"OUT", folder.string()});
  for (const std::string& name : results::folder_names()) {
    expect_own_file({"--json", options.common.json}, {"OUT", (folder / name).string()});
  }
  const Output output(options.common, {file});
  runs::SweepHow how;
  how.folder = folder;
  how.threads = options.common.thread_count();
  how.quiet = options.common.quiet;
  const results::SweepResult result = name_fields(
      places, [&] { return runs::merge_shards(std::move(config), how, shards, record.identity); });
  give_sweep(result, folder, options.no_plot, output);
  return 0;
}

}  // namespace

Action add_merge(Verb& verb) {
  const auto options = std::make_shared<MergeOptions>();
  options->simulator = verb.simulator();
  verb.add_option("OUT", options->out, "Folder of the sweep, new or begun by a merge of the same")
      ->required()
      ->type_name("DIR");
  verb.add_option("SHARDS", options->shards, "Folders of all its shards")
      ->required()
      ->type_name("DIR")
      ->expected(1, workers::kMostShards)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  verb.add_option("--config", options->configuration,
                  "Sweep file, where it is not in its place of then")
      ->type_name("FILE");
  verb.add_flag("--no-plot", options->no_plot, "Do not draw sweep.svg");
  add_common(verb, options->common);
  return [options] { return run(*options); };
}

}  // namespace brownout::cli
