// SPDX-License-Identifier: Apache-2.0
// The command. run_program is the one place where errors are handled.
#include "sim/base/run_program.hpp"
#include "sim/cli/command_line.hpp"
#include "sim/cosim/systemc_simulator.hpp"

/// libsystemc calls it from a main of its own, which this program does not use.
extern "C" int sc_main(int, char**) { return 0; }

int main(int argc, char** argv) {
  return brownout::run_program("brownout", [&] {
    return brownout::cli::run(argc, argv, brownout::cosim::systemc_simulator());
  });
}
