// SPDX-License-Identifier: Apache-2.0
// The errors of all of Brownout. Included by every other public header.
#pragma once
#include <map>
#include <stdexcept>
#include <string>
#include <type_traits>

namespace brownout {

/// What settings are called where they were given: "voltage" -> "--voltage", or
/// "sweep.yaml:7:1: voltages".
using FieldNames = std::map<std::string, std::string>;

namespace detail {
/// The type of a message with places for arguments. Only Brownout's own sources define it, in
/// sim/base/error.hpp; for everybody else the constructors that take it do not exist.
template <typename... Args>
struct MessageFormat;

template <typename Text>
using IfString = std::enable_if_t<std::is_same_v<Text, std::string>, int>;
}  // namespace detail

/// Any of them. A message may speak of settings (voltage, batch, …): it shows their bare names
/// until InputError::named gives them others.
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
  /// The message as it is: a std::string.
  template <typename Text, detail::IfString<Text> = 0>
  explicit InputError(const Text& message) : Error(2, message) {}
  template <typename... Args>
  explicit InputError(typename detail::MessageFormat<Args...>::type format, Args&&... args);

  /// The same error with the settings called by those names. A setting that has none keeps its own.
  InputError named(const FieldNames& names) const;
  bool has_fields() const { return !marked_.empty(); }
  /// The message for another one that quotes it and keeps its settings.
  std::string text() const { return marked_.empty() ? what() : marked_; }
};

/// The input is correct but the run failed (for example a child process died, or a logit is not
/// finite). A full disk is an InputError: the place to write to is an input.
class RunError : public Error {
 public:
  /// The message as it is: a std::string.
  template <typename Text, detail::IfString<Text> = 0>
  explicit RunError(const Text& message) : Error(1, message) {}
  template <typename... Args>
  explicit RunError(typename detail::MessageFormat<Args...>::type format, Args&&... args);
};

/// Whoever watches the run ended it. Nothing is wrong.
class Interrupted : public RunError {
 public:
  Interrupted() : RunError(std::string("interrupted")) {}
};

}  // namespace brownout
