// SPDX-License-Identifier: Apache-2.0
// `brownout study`: a file and options to run_study, result to folder, text, JSON.
#include "sim/study/study.hpp"

#include <memory>

#include "sim/base/error.hpp"
#include "sim/base/files.hpp"
#include "sim/cli/common.hpp"
#include "sim/cli/shard_option.hpp"
#include "sim/cli/study_output.hpp"
#include "sim/cli/verbs.hpp"
#include "sim/command/verb.hpp"
#include "sim/report/samples_csv.hpp"
#include "sim/report/study_plot.hpp"
#include "sim/report/study_report.hpp"
#include "sim/results/store.hpp"
#include "sim/runs/shards.hpp"
#include "sim/workers/jobs.hpp"

namespace brownout::cli {

namespace {

namespace fs = std::filesystem;

struct StudyOptions {
  CommonOptions common;
  std::string file, out, trainings, shard;
  std::vector<std::string> only;
  bool list = false, no_plot = false;
  const Verb* verb = nullptr;
};

int run(const StudyOptions& options) {
  workers::Ranks* const ranks = options.verb->ranks();
  std::optional<workers::Shard> shard;
  if (!options.shard.empty()) shard = workers::parse_shard(options.shard);
  const study::StudyFile file = study::load_study(options.file);
  std::vector<fs::path> inputs{file.file};
  for (const study::Row& row : file.rows) {
    if (!row.network.empty()) inputs.push_back(row.network);
    if (!row.trainings.empty()) inputs.push_back(row.trainings.front().config);
  }
  const fs::path folder = options.out.empty() ? shard_folder(fs::path("out") / file.name, shard)
                                              : fs::path(options.out);
  expect_own_files(options.common.json, "--out", folder,
                   results::folder_names(shard ? runs::shard_kind() : study::store_kind()));
  if (options.list && ranks != nullptr && ranks->rank() > 0) {
    return workers::serve_refused(*ranks, "", 0);  // rank 0 shows it
  }
  const Output output(options.common, inputs);
  if (options.list) {
    output.text(report::study_list(file, options.only));
    return 0;
  }

  study::StudyOptions how;
  how.folder = folder;
  // Beside the folder, so that studies in one place share their trainings.
  how.trainings_folder = options.trainings.empty()
                             ? fs::absolute(folder).lexically_normal().parent_path() / "trainings"
                             : fs::absolute(options.trainings);
  how.find_trainer = find_trainer;
  how.threads = options.common.thread_count(ranks);
  how.quiet = options.common.quiet;
  how.only = options.only;
  how.ranks = ranks;
  if (ranks != nullptr && ranks->rank() > 0) return study::serve_study(file, how);
  announce_interrupts("the study");
  if (shard) {
    const std::int64_t rows = study::run_study_shard(file, how, *shard);
    output.text(shard_text(*shard, rows, folder));
    return 0;
  }
  give_study(study::run_study(file, how), folder, options.no_plot, output);
  return 0;
}

}  // namespace

void give_study(const study::StudyResult& result, const fs::path& folder, bool no_plot,
                const Output& output) {
  const std::string json = report::study_json(result);
  write_file_atomically(folder / "table.md", report::study_markdown(result));
  write_file_atomically(folder / "table.csv", report::study_csv(result));
  write_file_atomically(folder / "samples.csv", report::samples_csv(result));
  write_file_atomically(folder / "study.json", json);
  const std::string histograms = report::histograms_csv(result);
  if (!histograms.empty()) write_file_atomically(folder / "histograms.csv", histograms);
  if (!no_plot) {
    if (const auto problem = report::draw_study(result, folder)) output.note(*problem);
  }
  output.json(json);
  output.text(report::study_text(result));
  std::string failed;
  for (const study::RowResult& row : result.rows) {
    if (row.complete()) continue;
    failed += (failed.empty() ? "" : ", ") + row.name;
    for (std::size_t i = 0; i < row.misfits.size(); ++i) {
      failed += fmt::format("{}{}", i == 0 ? " (" : ", ", row.misfits[i].first);
    }
    if (!row.misfits.empty()) failed += ")";
  }
  if (!failed.empty()) {
    throw RunError("{}: no numbers for {}; the table says why", result.file.string(), failed);
  }
}

Action add_study(Verb& verb) {
  const auto options = std::make_shared<StudyOptions>();
  options->verb = &verb;
  verb.runs_on_ranks();
  verb.takes_shipped(
      verb.add_option("FILE", options->file, "Study: its name or file (YAML, docs/studies.md)")
          ->required()
          ->type_name(""),
      kShippedStudies);
  verb.add_option("--out", options->out,
                  "Folder of the results (default: out/ and the name of FILE); one that holds a "
                  "part of this study is continued")
      ->type_name("DIR");
  verb.add_option("--trainings", options->trainings,
                  "Folder of the trained networks and their checkpoints (default: trainings beside "
                  "the folder of the results); studies that share it share their trainings")
      ->type_name("DIR");
  verb.add_option("--only", options->only, "Only these rows, by name")
      ->expected(1, 1000)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
      ->type_name("NAME");
  add_shard(verb, options->shard);
  verb.add_flag("--list", options->list, "Print rows, columns and comparisons; run nothing");
  verb.add_flag("--no-plot", options->no_plot, "Draw no pictures");
  add_common(verb, options->common);
  verb.excludes("--shard", {"--json", "--no-plot", "--list"},
                "{} is of a whole study; expected it with brownout merge, or without a shard");
  verb.excludes("--list", {"--json"}, "{}: expected none with --list");
  return [options] { return run(*options); };
}

}  // namespace brownout::cli
