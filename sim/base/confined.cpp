// SPDX-License-Identifier: Apache-2.0
// Limits that a child process sets before it becomes the other program: no file may grow, and the
// kernel refuses the calls that start processes.
#include "sim/base/confined.hpp"

#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "sim/base/error.hpp"
#include "sim/base/process.hpp"

namespace brownout {

namespace fs = std::filesystem;

namespace {

constexpr int kDidNotStart = 127;

constexpr sock_filter statement(int code, std::uint32_t k) {
  return {static_cast<std::uint16_t>(code), 0, 0, k};
}
/// Jumps over that many further statements.
constexpr sock_filter jump(int condition, std::uint32_t k, int if_true, int if_false) {
  return {static_cast<std::uint16_t>(BPF_JMP | condition | BPF_K),
          static_cast<std::uint8_t>(if_true), static_cast<std::uint8_t>(if_false), k};
}
constexpr sock_filter answer(std::uint32_t what) { return statement(BPF_RET | BPF_K, what); }

/// A filter of system calls that allows threads to start, but not processes. It is empty if the
/// processor's numbers of the calls are not known here.
std::vector<sock_filter> no_processes() {
#if defined(__x86_64__)
  constexpr std::uint32_t kArchitecture = AUDIT_ARCH_X86_64;
#elif defined(__aarch64__)
  constexpr std::uint32_t kArchitecture = AUDIT_ARCH_AARCH64;
#else
  return {};
#endif
#if defined(__x86_64__) || defined(__aarch64__)
  static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__);
  constexpr auto kLoad = BPF_LD | BPF_W | BPF_ABS;
  constexpr std::uint32_t kOtherNumbers = 0x40000000;  // x32, a second set of the same calls
  std::vector<sock_filter> filter{
      statement(kLoad, offsetof(seccomp_data, arch)), jump(BPF_JEQ, kArchitecture, 1, 0),
      answer(SECCOMP_RET_KILL_PROCESS), statement(kLoad, offsetof(seccomp_data, nr))};
  const auto refuse = [&](int condition, std::uint32_t k, int error) {
    filter.push_back(jump(condition, k, 0, 1));
    filter.push_back(answer(SECCOMP_RET_ERRNO | static_cast<std::uint32_t>(error)));
  };
  refuse(BPF_JGE, kOtherNumbers, EPERM);
#if defined(__x86_64__)
  refuse(BPF_JEQ, SYS_fork, EPERM);
  refuse(BPF_JEQ, SYS_vfork, EPERM);
#endif
  refuse(BPF_JEQ, SYS_clone3, ENOSYS);  // its flags lie in memory; libraries then take clone
  filter.push_back(jump(BPF_JEQ, SYS_clone, 0, 3));
  filter.push_back(statement(kLoad, offsetof(seccomp_data, args)));  // the flags' low half
  filter.push_back(jump(BPF_JSET, CLONE_THREAD, 1, 0));
  filter.push_back(answer(SECCOMP_RET_ERRNO | EPERM));
  filter.push_back(answer(SECCOMP_RET_ALLOW));
  return filter;
#endif
}

/// Only system calls between fork and exec, because other threads may have held locks.
[[noreturn]] void become(char* const* arguments, char* const* environment, const char* folder,
                         int output, const sock_fprog& filter) {
  const int null = ::open("/dev/null", O_RDWR);  // NOLINT
  const bool placed = null >= 0 && ::dup2(null, STDIN_FILENO) >= 0 &&
                      ::dup2(null, STDERR_FILENO) >= 0 && ::dup2(output, STDOUT_FILENO) >= 0 &&
                      ::chdir(folder) == 0;
  const rlimit nothing{0, 0};
  ::setrlimit(RLIMIT_CORE, &nothing);
  ::setrlimit(RLIMIT_FSIZE, &nothing);
  std::signal(SIGXFSZ, SIG_IGN);  // a write to a file fails instead
  // A kernel without filters is no reason to run nothing: the limits on files still hold.
  if (filter.len > 0 && ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0) {
    ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter, 0, 0);
  }
  if (placed) ::execvpe(arguments[0], arguments, environment);
  ::_exit(kDidNotStart);
}

bool begins_with_any(std::string_view text, const std::vector<std::string>& beginnings) {
  for (const std::string& beginning : beginnings) {
    if (text.substr(0, beginning.size()) == beginning) return true;
  }
  return false;
}

}  // namespace

std::string run_confined(const std::vector<std::string>& words, const fs::path& folder,
                         const std::vector<std::string>& hidden, int& status) {
  std::vector<char*> arguments, environment;
  for (const std::string& word : words) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  for (char** variable = environ; *variable != nullptr; ++variable) {
    if (!begins_with_any(*variable, hidden)) environment.push_back(*variable);
  }
  environment.push_back(nullptr);
  std::vector<sock_filter> calls = no_processes();
  const sock_fprog filter{static_cast<std::uint16_t>(calls.size()), calls.data()};
  const Pipe pipe(words[0]);
  const pid_t child = ::fork();
  if (child == 0)
    become(arguments.data(), environment.data(), folder.c_str(), pipe.writing, filter);
  const int error = errno;
  ::close(pipe.writing);
  if (child < 0) {
    ::close(pipe.reading);
    throw RunError("{}: cannot start: {}", words[0], std::strerror(error));
  }
  const std::string output = read_to_end(pipe.reading);
  const int ended = wait_for(child);
  status = WIFEXITED(ended) ? WEXITSTATUS(ended) : 128 + WTERMSIG(ended);
  return output;
}

}  // namespace brownout
