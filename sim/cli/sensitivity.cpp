// SPDX-License-Identifier: Apache-2.0
// `brownout sensitivity`.
#include <memory>

#include "sim/base/files.hpp"
#include "sim/cli/arguments.hpp"
#include "sim/cli/sensitivity_output.hpp"
#include "sim/cli/setup_options.hpp"
#include "sim/cli/shard_option.hpp"
#include "sim/cli/verbs.hpp"
#include "sim/command/verb.hpp"
#include "sim/engines/engine.hpp"
#include "sim/report/sensitivity_report.hpp"
#include "sim/runs/sensitivity_run.hpp"
#include "sim/runs/shards.hpp"
#include "sim/runs/sweep_file.hpp"

namespace brownout::cli {

namespace {

struct SensitivityOptions {
  CommonOptions common;
  SetupOptions setup;
  std::vector<std::string> models;
  std::string out, shard;
  double rate = 0.0;
  std::int64_t chips = 5;
  const Verb* verb = nullptr;
};

std::string above_zero(const std::string& rate) {
  return rate == "0" ? "expected a rate above 0, got 0" : "";
}

int run(const SensitivityOptions& options) {
  std::optional<workers::Shard> shard;
  if (!options.shard.empty()) shard = workers::parse_shard(options.shard);
  runs::SensitivityConfig config;
  config.models.assign(options.models.begin(), options.models.end());
  config.setup.engine = options.setup.engine;
  config.rate = options.rate;
  config.chips = options.chips;
  config.seed = static_cast<std::uint64_t>(options.common.seed.value_or(0));
  set_data(options.setup, config.setup);
  config.setup.reads.fresh = false;  // cells of these chips flip at every read

  runs::SensitivityHow how;
  how.ranks = options.verb->ranks();
  how.threads = options.common.thread_count(how.ranks);
  how.quiet = options.common.quiet;
  if (how.ranks != nullptr && how.ranks->rank() > 0) return runs::serve_sensitivity(config, how);
  how.folder = shard && options.out.empty() ? shard_folder("out/sensitivity", shard)
                                            : std::filesystem::path(options.out);
  if (!how.folder.empty()) {
    expect_own_files(options.common.json, "--out", how.folder,
                     results::folder_names(shard ? runs::shard_kind() : runs::sensitivity_kind()));
    announce_interrupts("the analysis");
  }
  const Output output(options.common, config.models);
  if (shard) {
    const std::int64_t rows = runs::run_sensitivity_shard(config, how, *shard);
    output.text(shard_text(*shard, rows, how.folder));
    return 0;
  }
  give_sensitivity(runs::run_sensitivity(config, how), how.folder, output);
  return 0;
}

}  // namespace

void give_sensitivity(const runs::SensitivityResult& result, const std::filesystem::path& folder,
                      const Output& output) {
  const std::string json = report::sensitivity_json(result);
  if (!folder.empty()) write_file_atomically(folder / runs::kSensitivityFile, json);
  output.json(json);
  output.text(report::sensitivity_text(result));
}

Action add_sensitivity(Verb& verb) {
  const auto options = std::make_shared<SensitivityOptions>();
  options->verb = &verb;
  verb.runs_on_ranks();
  verb.takes_shipped(
      verb.add_option("MODEL", options->models, "Networks: their names or files (ONNX)")
          ->required()
          ->expected(1, 1000)
          ->type_name(""),
      kShippedNetworks);
  verb.add_option("--rate", options->rate, "Bit error rate of the cells that fail, above 0")
      ->required()
      ->type_name("P")
      ->check(above_zero)
      ->transform(number_in(0.0, 1.0));
  verb.add_option("--chips", options->chips, "Random chips")
      ->type_name("N")
      ->transform(integer_in(1, runs::kMaxChips))
      ->capture_default_str();
  verb.add_option("--out", options->out,
                  "Folder that keeps what is measured, and the result; one that holds a part of "
                  "this analysis is continued")
      ->type_name("DIR");
  add_shard(verb, options->shard);
  add_engine(verb, options->setup, "What computes", engines::engine_names(), "functional");
  add_data_options(verb, options->setup);
  add_seed(verb, options->common);
  add_common(verb, options->common);
  verb.excludes("--shard", {"--json"},
                "{} is of a whole analysis; expected it with brownout merge");
  return [options] { return run(*options); };
}

}  // namespace brownout::cli
