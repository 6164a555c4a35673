// SPDX-License-Identifier: Apache-2.0
// `brownout study`: a file and options to run_study, result to folder, text, JSON.
#include "sim/study/study.hpp"

#include <memory>

#include "sim/base/error.hpp"
#include "sim/base/files.hpp"
#include "sim/cli/common.hpp"
#include "sim/cli/verbs.hpp"
#include "sim/command/verb.hpp"
#include "sim/report/samples_csv.hpp"
#include "sim/report/study_plot.hpp"
#include "sim/report/study_report.hpp"
#include "sim/results/store.hpp"

namespace brownout::cli {

namespace {

namespace fs = std::filesystem;

struct StudyOptions {
  CommonOptions common;
  std::string file, out, trainings;
  std::vector<std::string> only;
  bool list = false, no_plot = false;
};

int run(const StudyOptions& options) {
  const study::StudyFile file = study::load_study(options.file);
  std::vector<fs::path> inputs{file.file};
  for (const study::Row& row : file.rows) {
    if (!row.network.empty()) inputs.push_back(row.network);
    if (!row.trainings.empty()) inputs.push_back(row.trainings.front().config);
  }
  const fs::path folder = options.out.empty() ? fs::path("out") / file.name : fs::path(options.out);
  expect_own_file({"--json", options.common.json}, {"--out", folder.string()});
  for (const std::string& name : results::folder_names(study::store_kind())) {
    expect_own_file({"--json", options.common.json}, {"--out", (folder / name).string()});
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
  how.threads = options.common.thread_count();
  how.quiet = options.common.quiet;
  how.only = options.only;
  announce_interrupts("the study");
  const study::StudyResult result = study::run_study(file, how);

  const std::string json = report::study_json(result);
  write_file_atomically(folder / "table.md", report::study_markdown(result));
  write_file_atomically(folder / "table.csv", report::study_csv(result));
  write_file_atomically(folder / "samples.csv", report::samples_csv(result));
  write_file_atomically(folder / "study.json", json);
  const std::string histograms = report::histograms_csv(result);
  if (!histograms.empty()) write_file_atomically(folder / "histograms.csv", histograms);
  if (!options.no_plot) {
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
    throw RunError("{}: no numbers for {}; the table says why", file.file.string(), failed);
  }
  return 0;
}

}  // namespace

Action add_study(Verb& verb) {
  const auto options = std::make_shared<StudyOptions>();
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
  verb.add_flag("--list", options->list, "Print rows, columns and comparisons; run nothing");
  verb.add_flag("--no-plot", options->no_plot, "Draw no pictures");
  add_common(verb, options->common);
  verb.excludes("--list", {"--json"}, "{}: expected none with --list");
  return [options] { return run(*options); };
}

}  // namespace brownout::cli
