// SPDX-License-Identifier: Apache-2.0
// `brownout merge`: the folders of the shards of a sweep or study become the folder of the whole.
#include <memory>

#include "sim/base/error.hpp"
#include "sim/base/json.hpp"
#include "sim/cli/common.hpp"
#include "sim/cli/study_output.hpp"
#include "sim/cli/sweep_output.hpp"
#include "sim/cli/verbs.hpp"
#include "sim/command/verb.hpp"
#include "sim/runs/sweep.hpp"
#include "sim/study/study.hpp"

namespace brownout::cli {

namespace {

namespace fs = std::filesystem;

struct MergeOptions {
  CommonOptions common;
  std::string out, configuration, data, trainings;
  std::vector<std::string> shards;
  bool no_plot = false;
  std::shared_ptr<Simulator> simulator;
};

void expect_own_files(const MergeOptions& options, const std::vector<std::string>& names) {
  const fs::path folder = options.out;
  expect_own_file({"--json", options.common.json}, {"OUT", folder.string()});
  for (const std::string& name : names) {
    expect_own_file({"--json", options.common.json}, {"OUT", (folder / name).string()});
  }
}

int merge_sweep(const MergeOptions& options, const runs::ShardRecord& record, const fs::path& file,
                const std::vector<fs::path>& shards) {
  if (!options.trainings.empty()) {
    throw InputError("--trainings: is of a study; these are shards of a sweep");
  }
  runs::SweepConfig config = runs::load_sweep(file);
  config.setup.simulator = options.simulator;
  runs::SweepOverrides overrides = record.overrides;
  if (!options.data.empty()) overrides.data_folder = options.data;
  runs::replace_settings(overrides, config);
  const FieldNames places = config.places;
  expect_own_files(options, results::folder_names());
  const Output output(options.common, {file});
  runs::SweepHow how;
  how.folder = options.out;
  how.threads = options.common.thread_count();
  how.quiet = options.common.quiet;
  const results::SweepResult result = name_fields(
      places, [&] { return runs::merge_shards(std::move(config), how, shards, record.identity); });
  give_sweep(result, how.folder, options.no_plot, output);
  return 0;
}

int merge_study(const MergeOptions& options, const runs::ShardRecord& record, const fs::path& file,
                const std::vector<fs::path>& shards) {
  if (!options.data.empty()) {
    throw InputError(
        "--data: is of a sweep; these are shards of a study, whose file names its data");
  }
  const study::StudyFile study = study::load_study(file);
  expect_own_files(options, results::folder_names(study::store_kind()));
  const Output output(options.common, {file});
  study::StudyOptions how;
  how.folder = options.out;
  how.trainings_folder =
      options.trainings.empty() ? record.study->trainings : fs::absolute(options.trainings);
  how.find_trainer = find_trainer;
  how.threads = options.common.thread_count();
  how.quiet = options.common.quiet;
  how.only = record.study->only;
  give_study(study::merge_study_shards(study, how, shards, record.identity), how.folder,
             options.no_plot, output);
  return 0;
}

int run(const MergeOptions& options) {
  const std::vector<fs::path> shards(options.shards.begin(), options.shards.end());
  const runs::ShardRecord record = runs::common_record(shards);
  const fs::path file =
      options.configuration.empty() ? record.file : fs::path(options.configuration);
  std::error_code error;
  if (!fs::exists(file, error)) {
    throw InputError(
        "{}: the {} file of the shards is not there any more; say where it is with "
        "--config FILE",
        file.string(), record.what());
  }
  return record.study ? merge_study(options, record, file, shards)
                      : merge_sweep(options, record, file, shards);
}

}  // namespace

Action add_merge(Verb& verb) {
  const auto options = std::make_shared<MergeOptions>();
  options->simulator = verb.simulator();
  verb.add_option("OUT", options->out,
                  "Folder of the sweep or study, new or begun by a merge of the same")
      ->required()
      ->type_name("DIR");
  verb.add_option("SHARDS", options->shards, "Folders of all its shards")
      ->required()
      ->type_name("DIR")
      ->expected(1, workers::kMostShards)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  verb.add_option("--config", options->configuration,
                  "Sweep or study file, where it is not in its place of then")
      ->type_name("FILE");
  verb.add_option("--data", options->data,
                  "Folder of a sweep's dataset, where it is not that of then")
      ->type_name("DIR");
  verb.add_option("--trainings", options->trainings,
                  "Folder of a study's trained networks, where it is not that of then")
      ->type_name("DIR");
  verb.add_flag("--no-plot", options->no_plot, "Draw no pictures");
  add_common(verb, options->common);
  return [options] { return run(*options); };
}

}  // namespace brownout::cli
