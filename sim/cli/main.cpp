// SPDX-License-Identifier: Apache-2.0
// The command. run_program is the one place where errors are handled.
#include "sim/base/run_program.hpp"
#include "sim/cli/command_line.hpp"

int main(int argc, char** argv) {
  return brownout::run_program("brownout", [&] { return brownout::cli::run(argc, argv); });
}
