// SPDX-License-Identifier: Apache-2.0
// The command. run_program is the one place where errors are handled.
#include <fcntl.h>
#include <unistd.h>

#include "sim/base/error.hpp"
#include "sim/base/run_program.hpp"
#include "sim/cli/command_line.hpp"
#include "sim/cluster/launch.hpp"
#include "sim/cosim/systemc_simulator.hpp"
#include "sim/workers/jobs.hpp"

/// libsystemc calls it from a main of its own, which this program does not use.
extern "C" int sc_main(int, char**) { return 0; }

namespace {

using brownout::workers::Ranks;

/// Rank 0 speaks for all.
void be_silent() {
  const int nowhere = ::open("/dev/null", O_WRONLY | O_CLOEXEC);
  ::dup2(nowhere, STDOUT_FILENO);
  ::dup2(nowhere, STDERR_FILENO);
}

int run_first(int argc, char** argv, Ranks& ranks) {
  const int code = brownout::run_program("brownout", [&] {
    return brownout::cli::run(argc, argv, brownout::cosim::systemc_simulator(), &ranks);
  });
  brownout::workers::dismiss(ranks, code);
  return code;
}

int run_other(int argc, char** argv, Ranks& ranks) {
  be_silent();
  try {
    return brownout::cli::run(argc, argv, brownout::cosim::systemc_simulator(), &ranks);
  } catch (const brownout::Error& error) {
    return brownout::workers::serve_refused(ranks, error.what(), error.exit_code());
  } catch (const std::exception& error) {
    return brownout::workers::serve_refused(ranks, error.what(), 1);
  }
}

}  // namespace

int main(int argc, char** argv) {
  std::unique_ptr<Ranks> ranks;
  // Before it joins the others: that may fail, in all processes alike.
  const auto launch = brownout::cluster::launch_of_environment();
  if (launch && launch->rank > 0) be_silent();
  const int code = brownout::run_program("brownout", [&] {
    ranks = brownout::cluster::join(argc, argv);
    return ranks ? 0 : brownout::cli::run(argc, argv, brownout::cosim::systemc_simulator());
  });
  if (!ranks) return code;
  return ranks->rank() == 0 ? run_first(argc, argv, *ranks) : run_other(argc, argv, *ranks);
}
