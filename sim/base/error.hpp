// SPDX-License-Identifier: Apache-2.0
// How errors are thrown: messages with arguments and fields, and checks of our own invariants.
#pragma once
#include <fmt/format.h>

#include <string>
#include <string_view>
#include <utility>

#include "brownout/error.hpp"

namespace brownout {

/// A setting that a message speaks of, as an argument of the message's format. Whoever throws does
/// not know how the setting was given; whoever catches does and names it (InputError::named). Until
/// then its bare name is shown, which consists of lower-case letters and "_".
struct Field {
  std::string_view name;
};

namespace detail {
template <typename... Args>
struct MessageFormat {
  using type = fmt::format_string<Args...>;
};
}  // namespace detail

template <typename... Args>
InputError::InputError(typename detail::MessageFormat<Args...>::type format, Args&&... args)
    : Error(2, fmt::format(format, std::forward<Args>(args)...)) {}

template <typename... Args>
RunError::RunError(typename detail::MessageFormat<Args...>::type format, Args&&... args)
    : Error(1, fmt::format(format, std::forward<Args>(args)...)) {}

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
