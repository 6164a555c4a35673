// SPDX-License-Identifier: Apache-2.0
// A program without SystemC on the rooms up to sim/report: `house_no_systemc MODEL TECHNOLOGY` asks
// for a run on an accelerator, which only a simulator can do, and succeeds if it is told so.
#include <cstdio>
#include <memory>
#include <string>

#include "sim/base/error.hpp"
#include "sim/report/run_report.hpp"
#include "sim/runs/accelerator_run.hpp"
#include "sim/technology/technology.hpp"

namespace {

constexpr char kRefusal[] =
    "simulator: cycles and energy of an accelerator need one; expected that of the library "
    "brownout::systemc (make_systemc_simulator), got none";

}  // namespace

int main(int, char** argv) {
  try {
    brownout::runs::RunConfig config;
    config.model = argv[1];
    config.setup.target.accelerator.emplace();
    config.setup.engine = "systemc";
    config.setup.technology = std::make_shared<const brownout::technology::Technology>(
        brownout::technology::Technology::load(argv[2]));
    const auto run = brownout::runs::run_accelerator(config, 1, /*quiet=*/true);
    std::fputs(brownout::report::run_text(run).c_str(), stdout);
  } catch (const brownout::InputError& error) {
    if (std::string(error.what()) == kRefusal) return 0;
    std::fprintf(stderr, "%s\n", error.what());
  }
  return 1;
}
