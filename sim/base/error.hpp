// SPDX-License-Identifier: Apache-2.0
// Errors with an exit code: bad input (2), a run that failed (1), and checks of our own invariants.
#pragma once
#include <fmt/format.h>

#include <map>
#include <stdexcept>
#include <string>
#include <string_view>

namespace brownout {

/// A setting that a message speaks of, as an argument of the message's format. Whoever throws does
/// not know how the setting was given; whoever catches does and names it (InputError::named). Until
/// then its bare name is shown, which consists of lower-case letters and "_".
struct Field {
  std::string_view name;
};

/// What fields are called where they were given: "--batch", or "sweep.yaml:7:1: batch".
using FieldNames = std::map<std::string, std::string>;

/// Caught once, in main. The message is printed as it is, and the process ends with `exit_code`.
class Error : public std::runtime_error {
 public:
  /// Control characters in the message other than newlines are shown as "\x00".
  Error(int exit_code, const std::string& message);
  int exit_code() const { return exit_code_; }

 protected:
  std::string marked_;  // the message with its fields marked; "" when it has none

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

  /// The same error with the fields called by those names. A field that has none stays a field.
  InputError named(const FieldNames& names) const;
  bool has_fields() const { return !marked_.empty(); }
  /// The message for another one that quotes it and keeps its fields.
  std::string text() const { return marked_.empty() ? what() : marked_; }
};

/// Returns what `work` returns. The fields of an InputError that it throws are named.
template <typename Work>
auto name_fields(const FieldNames& names, const Work& work) {
  try {
    return work();
  } catch (const InputError& error) {
    if (!error.has_fields()) throw;
    throw error.named(names);
  }
}

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

template <>
struct fmt::formatter<brownout::Field> {
  constexpr auto parse(format_parse_context& context) { return context.begin(); }
  format_context::iterator format(const brownout::Field& field, format_context& context) const;
};

/// Always on. Throws std::logic_error with place, condition and the formatted values.
#define BROWNOUT_CHECK(condition, ...)                                                    \
  do {                                                                                    \
    if (!(condition))                                                                     \
      ::brownout::fail_check(__FILE__, __LINE__, #condition, ::fmt::format(__VA_ARGS__)); \
  } while (false)
