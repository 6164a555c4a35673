// SPDX-License-Identifier: Apache-2.0
// `brownout report`: folders of results to one page, and to figures for papers.
#include <fcntl.h>
#include <sys/wait.h>

#include <memory>

#include "sim/base/error.hpp"
#include "sim/base/files.hpp"
#include "sim/base/outputs.hpp"
#include "sim/base/process.hpp"
#include "sim/cli/common.hpp"
#include "sim/cli/verbs.hpp"
#include "sim/command/verb.hpp"
#include "sim/report/figures.hpp"
#include "sim/report/page/study_page.hpp"
#include "sim/report/page/sweep_page.hpp"
#include "sim/results/fault_window.hpp"
#include "sim/results/stored_sweep.hpp"
#include "sim/study/stored_study.hpp"

namespace brownout::cli {

namespace {

namespace fs = std::filesystem;

struct ReportOptions {
  CommonOptions common;
  std::vector<std::string> folders;
  std::string out, figures;
  bool open = false;
};

/// Words of the fault maps of all folders, so that a page stays small.
constexpr std::uint32_t kMapWords = 16384;
constexpr std::size_t kMostSweeps = 20;

report::SweepPage read_sweeps(const std::vector<fs::path>& folders) {
  std::vector<results::StoredSweep> sweeps;
  std::vector<results::FaultWindow> faults;
  const auto words = kMapWords / static_cast<std::uint32_t>(folders.size());
  for (const fs::path& folder : folders) {
    for (results::StoredSweep& sweep : results::read_sweeps(folder)) {
      sweeps.push_back(std::move(sweep));
    }
  }
  if (sweeps.size() > kMostSweeps) {
    throw InputError("DIR: found {} accelerators and sweeps; expected at most {} on one page",
                     sweeps.size(), kMostSweeps);
  }
  results::expect_comparable(sweeps);
  for (std::size_t i = 0; i < sweeps.size(); ++i) {
    // The accelerators of one sweep see the same chips.
    const bool again = i > 0 && sweeps[i].folder == sweeps[i - 1].folder;
    faults.push_back(again ? results::FaultWindow{} : results::fault_window(sweeps[i], words));
    if (again) faults.back().problem = "its chips are those of the accelerator before it";
  }
  return report::sweep_page_of(std::move(sweeps), std::move(faults));
}

std::string study_page(const std::vector<fs::path>& folders) {
  std::vector<study::StoredStudy> studies;
  for (const fs::path& folder : folders) studies.push_back(study::read_study(folder));
  return report::study_page_html(studies, BROWNOUT_VERSION);
}

/// Before anything is written.
void claim_figures(const ReportOptions& options, const report::SweepPage& page) {
  if (options.figures.empty()) return;
  for (const std::string& name : report::figure_names(page)) {
    claim_output("--figures", fs::path(options.figures) / name);
  }
  make_folder(options.figures);
}

/// With the program that the desktop has for such files.
void open_page(const std::string& file, const Output& output) {
  const int nowhere = ::open("/dev/null", O_WRONLY | O_CLOEXEC);
  const int status = wait_for(start_program({"xdg-open", fs::absolute(file).string()}, nowhere));
  ::close(nowhere);
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return;
  output.note(
      fmt::format("{}: xdg-open could not open it (Debian: xdg-utils); any browser can", file));
}

int run(const ReportOptions& options) {
  const std::vector<fs::path> folders(options.folders.begin(), options.folders.end());
  if (folders.size() > kMostSweeps) {
    throw InputError("DIR: expected at most {} folders, got {}", kMostSweeps, folders.size());
  }
  const study::FolderKind kind = study::kind_of_folders(folders);
  const Output output(options.common, {}, {{"--out", options.out}});
  if (kind == study::FolderKind::kStudy) {
    if (!options.figures.empty()) {
      throw InputError("--figures: {}: expected a sweep; a study draws its pictures itself",
                       folders.front().string());
    }
    write_output("--out", options.out, study_page(folders));
  } else {
    const report::SweepPage page = read_sweeps(folders);
    claim_figures(options, page);
    write_output("--out", options.out, report::sweep_page_html(page, BROWNOUT_VERSION));
    for (const results::StoredSweep& sweep : page.sweeps) {
      if (!sweep.remark.empty()) output.note(sweep.remark);
    }
    if (!options.figures.empty()) {
      if (const auto problem = report::draw_figures(page, options.figures)) output.note(*problem);
    }
  }
  output.text(options.out + "\n");
  if (options.open) open_page(options.out, output);
  return 0;
}

}  // namespace

Action add_report(Verb& verb) {
  const auto options = std::make_shared<ReportOptions>();
  verb.add_option("DIR", options->folders, "Folders of finished sweeps, or of finished studies")
      ->required()
      ->type_name("");
  verb.add_option("--out", options->out, "The page, one file that loads nothing")
      ->required()
      ->type_name("FILE.html");
  verb.add_option("--figures", options->figures,
                  "Also write each chart of sweeps as SVG and PDF for papers, one column and two "
                  "columns wide")
      ->type_name("DIR");
  verb.add_flag("--open", options->open, "Open the page with the desktop's browser (xdg-open)");
  verb.add_flag_callback("--overwrite", allow_overwriting,
                         "Replace outputs that this very command did not write");
  verb.add_flag("--quiet", options->common.quiet, "No remarks");
  return [options] { return run(*options); };
}

}  // namespace brownout::cli
