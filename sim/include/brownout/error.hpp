// SPDX-License-Identifier: Apache-2.0
// The errors of all of Brownout. Included by every other public header.
#pragma once
#include <map>
#include <stdexcept>
#include <string>

namespace brownout {

/// What settings are called where they were given: "voltage" -> "--voltage".
using FieldNames = std::map<std::string, std::string>;

namespace detail {
/// The type of a message with places for arguments. Only Brownout's own sources define it.
template <typename... Args>
struct MessageFormat;
}  // namespace detail

class Error : public std::runtime_error {
 public:
  /// Control characters in the message other than newlines are shown as "\x00".
  Error(int exit_code, const std::string& message);
  /// That a program should end with: 2 for wrong input, 1 for a run that failed.
  int exit_code() const { return exit_code_; }

 protected:
  std::string marked_;  // the message with its settings marked; "" when it names none

 private:
  int exit_code_;
};

/// The input is wrong. The message names the file, the place in it, what was found and what was
/// expected.
class InputError : public Error {
 public:
  explicit InputError(const std::string& message) : Error(2, message) {}
  template <typename... Args>
  explicit InputError(typename detail::MessageFormat<Args...>::type format, Args&&... args);

  /// The same error with the settings called by those names. A setting that has none keeps its own.
  InputError named(const FieldNames& names) const;
  bool has_fields() const { return !marked_.empty(); }
  /// The message for another one that quotes it and keeps its settings.
  std::string text() const { return marked_.empty() ? what() : marked_; }
};

/// The input is correct but the run failed (for example a logit is not finite).
class RunError : public Error {
 public:
  explicit RunError(const std::string& message) : Error(1, message) {}
  template <typename... Args>
  explicit RunError(typename detail::MessageFormat<Args...>::type format, Args&&... args);
};

}  // namespace brownout
