// SPDX-License-Identifier: Apache-2.0
// `brownout merge`: the folders of the shards of a sweep, study or sensitivity analysis become the
// folder of the whole.
#include <memory>

#include "sim/base/error.hpp"
#include "sim/base/json.hpp"
#include "sim/cli/common.hpp"
#include "sim/cli/sensitivity_output.hpp"
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

void expect_own_json(const MergeOptions& options, const results::StoreKind& kind) {
  expect_own_files(options.common.json, "OUT", options.out, results::folder_names(kind));
}

/// Options of another kind of shards.
void refuse(const std::string& option, bool given, const char* of, const char* found) {
  if (given) throw InputError("{}: is of {}; these are shards of {}", option, of, found);
}

/// Where the file is now.
fs::path file_of(const MergeOptions& options, const fs::path& recorded, const char* what) {
  const fs::path file = options.configuration.empty() ? recorded : fs::path(options.configuration);
  std::error_code error;
  if (!fs::exists(file, error)) {
    throw InputError(
        "{}: the {} file of the shards is not there any more; say where it is with "
        "--config FILE",
        file.string(), what);
  }
  return file;
}

/// One whole of its shards.
class Merge {
 public:
  Merge(const MergeOptions& options, const Json& identity, std::vector<fs::path> shards)
      : options_(options), identity_(identity), shards_(std::move(shards)) {}

  void operator()(const runs::SweepOfShard& sweep) const {
    refuse("--trainings", !options_.trainings.empty(), "a study", "a sweep");
    const fs::path file = file_of(options_, sweep.file, "sweep");
    runs::SweepConfig config = runs::load_sweep(file);
    config.setup.simulator = options_.simulator;
    runs::SweepOverrides overrides = sweep.overrides;
    if (!options_.data.empty()) overrides.data_folder = options_.data;
    runs::replace_settings(overrides, config);
    const FieldNames places = config.places;
    expect_own_json(options_, results::sweep_kind());
    const Output output(options_.common, {file});
    runs::SweepHow how;
    how.folder = options_.out;
    how.threads = options_.common.thread_count();
    how.quiet = options_.common.quiet;
    const results::SweepResult result = name_fields(
        places, [&] { return runs::merge_shards(std::move(config), how, shards_, identity_); });
    give_sweep(result, how.folder, options_.no_plot, output);
  }

  void operator()(const runs::StudyOfShard& record) const {
    refuse("--data", !options_.data.empty(), "a sweep or a sensitivity analysis",
           "a study, whose file names its data");
    const fs::path file = file_of(options_, record.file, "study");
    const study::StudyFile study = study::load_study(file);
    expect_own_json(options_, study::store_kind());
    const Output output(options_.common, {file});
    study::StudyOptions how;
    how.folder = options_.out;
    how.trainings_folder =
        options_.trainings.empty() ? record.trainings : fs::absolute(options_.trainings);
    how.find_trainer = find_trainer;
    how.threads = options_.common.thread_count();
    how.quiet = options_.common.quiet;
    how.only = record.only;
    give_study(study::merge_study_shards(study, how, shards_, identity_), how.folder,
               options_.no_plot, output);
  }

  void operator()(const runs::SensitivityOfShard& record) const {
    constexpr char kFound[] = "a sensitivity analysis";
    refuse("--trainings", !options_.trainings.empty(), "a study", kFound);
    refuse("--config", !options_.configuration.empty(), "a sweep or a study", kFound);
    refuse("--no-plot", options_.no_plot, "a sweep or a study", kFound);
    runs::SensitivityConfig config = record;
    if (!options_.data.empty()) config.setup.images.folder = options_.data;
    expect_own_json(options_, runs::sensitivity_kind());
    const Output output(options_.common, config.models);
    runs::SensitivityHow how;
    how.folder = options_.out;
    how.threads = options_.common.thread_count();
    how.quiet = options_.common.quiet;
    give_sensitivity(runs::merge_sensitivity_shards(config, how, shards_, identity_), how.folder,
                     output);
  }

 private:
  const MergeOptions& options_;
  const Json& identity_;
  std::vector<fs::path> shards_;
};

int run(const MergeOptions& options) {
  const std::vector<fs::path> shards(options.shards.begin(), options.shards.end());
  const runs::ShardRecord record = runs::common_record(shards);
  std::visit(Merge(options, record.identity, shards), record.of);
  return 0;
}

}  // namespace

Action add_merge(Verb& verb) {
  const auto options = std::make_shared<MergeOptions>();
  options->simulator = verb.simulator();
  verb.add_option("OUT", options->out, "Folder of the whole, new or begun by a merge of the same")
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
  verb.add_option(
          "--data", options->data,
          "Folder of the dataset of a sweep or sensitivity analysis, where it is not that of "
          "then")
      ->type_name("DIR");
  verb.add_option("--trainings", options->trainings,
                  "Folder of a study's trained networks, where it is not that of then")
      ->type_name("DIR");
  verb.add_flag("--no-plot", options->no_plot, "Draw no pictures");
  add_common(verb, options->common);
  return [options] { return run(*options); };
}

}  // namespace brownout::cli
