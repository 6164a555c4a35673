// SPDX-License-Identifier: Apache-2.0
// `brownout report`: folders of results to one page.
#include <memory>

#include "sim/base/error.hpp"
#include "sim/cli/common.hpp"
#include "sim/cli/verb.hpp"
#include "sim/cli/verbs.hpp"
#include "sim/report/page/sweep_page.hpp"
#include "sim/results/fault_window.hpp"
#include "sim/results/stored_sweep.hpp"

namespace brownout::cli {

namespace {

namespace fs = std::filesystem;

struct ReportOptions {
  CommonOptions common;
  std::vector<std::string> folders;
  std::string out;
};

/// Words of the fault maps of all folders, so that a page stays small.
constexpr std::uint32_t kMapWords = 16384;

int run(const ReportOptions& options) {
  const std::vector<fs::path> folders(options.folders.begin(), options.folders.end());
  const Output output(options.common, folders, {{"--out", options.out}});
  std::vector<results::StoredSweep> sweeps;
  std::vector<results::FaultWindow> faults;
  for (const fs::path& folder : folders) {
    sweeps.push_back(results::read_sweep(folder));
    faults.push_back(results::fault_window(sweeps.back(),
                                           kMapWords / static_cast<std::uint32_t>(folders.size())));
  }
  const report::SweepPage page = report::sweep_page_of(std::move(sweeps), std::move(faults));
  write_output("--out", options.out, report::sweep_page_html(page, BROWNOUT_VERSION));
  output.text(options.out + "\n");
  return 0;
}

}  // namespace

Action add_report(Verb& verb) {
  const auto options = std::make_shared<ReportOptions>();
  verb.add_option("DIR", options->folders, "Folders of finished sweeps")->required()->type_name("");
  verb.add_option("--out", options->out, "The page")->required()->type_name("FILE.html");
  add_common(verb, options->common);
  return [options] { return run(*options); };
}

}  // namespace brownout::cli
