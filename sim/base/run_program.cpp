// SPDX-License-Identifier: Apache-2.0
// Standard streams, and the last place where exceptions are caught.
#include "sim/base/run_program.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <exception>
#include <new>

#include "sim/base/error.hpp"
#include "sim/base/text.hpp"

namespace brownout {

namespace {

constexpr std::size_t kMostOfAMessage = 2000;

void open_standard_streams() {
  for (const int stream : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (::fcntl(stream, F_GETFD) >= 0 || errno != EBADF) continue;
    // The lowest free file number is this one. It is opened for reading only, so that a write to
    // stdout fails as before.
    const int opened =
        ::open("/dev/null", stream == STDERR_FILENO ? O_WRONLY : O_RDONLY);  // NOLINT
    if (opened != stream && opened >= 0) ::close(opened);
  }
}

int failed(const char* name, const char* message, int code) {
  say(fmt::format("{}: error: {}\n", name, shortened(message, kMostOfAMessage)));
  return code;
}

}  // namespace

void say(const std::string& text) { say_as_it_is(for_terminal(text)); }

void say_as_it_is(const std::string& text) {
  // If stderr goes to a full disk, that is no reason to lose a result.
  std::fwrite(text.data(), 1, text.size(), stderr);
  std::fflush(stderr);
}

int run_program(const char* name, const std::function<int()>& work) {
  open_standard_streams();
  try {
    return work();
  } catch (const Error& error) {
    return failed(name, error.what(), error.exit_code());
  } catch (const std::bad_alloc&) {
    return failed(name, "out of memory", 1);
  } catch (const std::exception& error) {
    return failed(name, error.what(), 1);
  }
}

}  // namespace brownout
