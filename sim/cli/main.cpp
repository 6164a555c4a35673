// SPDX-License-Identifier: Apache-2.0
// The one place where errors end: a message on stderr, exit 2 for wrong input, 1 for a failed run.
#include <cstdio>
#include <exception>
#include <new>

#include "sim/base/error.hpp"
#include "sim/cli/command_line.hpp"

int main(int argc, char** argv) {
  try {
    return brownout::cli::run(argc, argv);
  } catch (const brownout::Error& error) {
    std::fprintf(stderr, "brownout: error: %s\n", error.what());
    return error.exit_code();
  } catch (const std::bad_alloc&) {
    std::fputs("brownout: error: out of memory\n", stderr);
    return 1;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "brownout: error: %s\n", error.what());
    return 1;
  }
}
