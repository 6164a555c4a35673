// SPDX-License-Identifier: Apache-2.0
// Errors with an exit code: bad input (2), a run that failed (1), and checks of our own invariants.
#pragma once
#include <fmt/format.h>

#include <stdexcept>
#include <string>

namespace brownout {

/// Caught once, in main. The message is printed as it is, and the process ends with `exit_code`.
class Error : public std::runtime_error {
 public:
  /// Control characters in the message other than newlines are shown as "\x00".
  Error(int exit_code, const std::string& message);
  int exit_code() const { return exit_code_; }

 private:
  int exit_code_;
};

/// The input is wrong. The message names the file, the place in it, what was found and what was
/// expected.
class InputError : public Error {
 public:
  template <typename... Args>
  explicit InputError(fmt::format_string<Args...> format, Args&&... args)
      : Error(2, fmt::format(format, std::forward<Args>(args)...)) {}
};

/// The input is correct but the run failed (for example a child process died, or a logit is not
/// finite). A full disk is an InputError: the place to write to is an input.
class RunError : public Error {
 public:
  template <typename... Args>
  explicit RunError(fmt::format_string<Args...> format, Args&&... args)
      : Error(1, fmt::format(format, std::forward<Args>(args)...)) {}
};

[[noreturn]] void fail_check(const char* file, int line, const char* condition,
                             const std::string& values);

}  // namespace brownout

/// Always on. Throws std::logic_error with place, condition and the formatted values.
#define BROWNOUT_CHECK(condition, ...)                                                    \
  do {                                                                                    \
    if (!(condition))                                                                     \
      ::brownout::fail_check(__FILE__, __LINE__, #condition, ::fmt::format(__VA_ARGS__)); \
  } while (false)
