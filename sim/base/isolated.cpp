// SPDX-License-Identifier: Apache-2.0
// A forked child computes and sends bytes through a pipe; its exit status says whether they can be
// trusted.
#include "sim/base/isolated.hpp"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>
#include <new>

#include "sim/base/error.hpp"
#include "sim/base/process.hpp"

namespace brownout {
namespace {

constexpr int kDone = 0, kRefused = 10, kFailed = 11, kNoMemory = 12;

bool send(int pipe, const std::string& bytes) {
  for (std::size_t sent = 0; sent < bytes.size();) {
    const ssize_t n = ::write(pipe, bytes.data() + sent, bytes.size() - sent);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return false;
    sent += static_cast<std::size_t>(n);
  }
  return true;
}

[[noreturn]] void child(int pipe, unsigned seconds, const std::function<std::string()>& work) {
  // The parent reports a crash, so the child writes neither a core file nor a report of a handler.
  const rlimit no_core{0, 0};
  setrlimit(RLIMIT_CORE, &no_core);
  const rlimit processor_time{seconds, seconds};
  setrlimit(RLIMIT_CPU, &processor_time);
  for (const int signal : {SIGSEGV, SIGBUS, SIGABRT, SIGFPE, SIGILL, SIGPIPE, SIGINT, SIGTERM})
    std::signal(signal, SIG_DFL);
  if (const int null = open("/dev/null", O_WRONLY); null >= 0) dup2(null, STDERR_FILENO);
  int status = kDone;
  std::string bytes;
  try {
    bytes = work();
  } catch (const InputError& error) {
    bytes = error.what();
    status = kRefused;
  } catch (const std::bad_alloc&) {
    status = kNoMemory;
  } catch (const std::exception& error) {
    bytes = error.what();
    status = kFailed;
  }
  _exit(send(pipe, bytes) ? status : kFailed);
}

}  // namespace

std::string run_isolated(const std::string& what, unsigned seconds,
                         const std::function<std::string()>& work) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0)
    throw RunError("{}: cannot start a process to read it: {}", what, std::strerror(errno));
  const pid_t pid = fork();
  if (pid < 0) {
    const int error = errno;
    close(ends[0]);
    close(ends[1]);
    throw RunError("{}: cannot start a process to read it: {}", what, std::strerror(error));
  }
  if (pid == 0) {
    close(ends[0]);
    child(ends[1], seconds, work);
  }
  close(ends[1]);
  const std::string bytes = read_to_end(ends[0]);
  const int status = wait_for(pid);
  if (WIFSIGNALED(status) && (WTERMSIG(status) == SIGXCPU || WTERMSIG(status) == SIGKILL))
    throw InputError("{}: the file is damaged: reading it did not end within {} s", what, seconds);
  if (WIFSIGNALED(status))
    throw InputError("{}: the file is damaged: reading it ended with \"{}\"", what,
                     strsignal(WTERMSIG(status)));
  switch (WEXITSTATUS(status)) {
    case kDone:
      return bytes;
    case kRefused:
      throw InputError("{}", bytes);
    case kNoMemory:
      throw InputError("{}: the file is damaged, or needs more memory than there is", what);
    default:
      throw RunError("{}: reading it failed: {}", what, bytes);
  }
}

}  // namespace brownout
