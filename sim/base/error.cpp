// SPDX-License-Identifier: Apache-2.0
// Messages with fields, and what BROWNOUT_CHECK calls when it fails.
#include "sim/base/error.hpp"

#include <algorithm>

#include "sim/base/text.hpp"

namespace brownout {

namespace {

// Before and after the name of a field. Neither a path nor a word of a command line can hold it.
constexpr char kMark = '\0';

bool is_name(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char letter) {
    return (letter >= 'a' && letter <= 'z') || letter == '_';
  });
}

/// Replaces each field of a marked text by what show(name) returns.
template <typename Show>
std::string with_fields(const std::string& marked, const Show& show) {
  std::string text;
  for (std::size_t at = 0; at < marked.size();) {
    const std::size_t begin = std::min(marked.find(kMark, at), marked.size());
    text.append(marked, at, begin - at);
    const std::size_t end = begin + 1 < marked.size() ? marked.find(kMark, begin + 1) : begin;
    const std::string_view name = end < marked.size() && end > begin
                                      ? std::string_view(marked).substr(begin + 1, end - begin - 1)
                                      : std::string_view();
    if (is_name(name)) {
      text += show(std::string(name));
      at = end + 1;
    } else {
      if (begin < marked.size()) text += kMark;
      at = begin + 1;
    }
  }
  return text;
}

std::string bare(const std::string& marked) {
  return with_fields(marked, [](const std::string& name) { return name; });
}

std::string mark(std::string_view name) { return kMark + std::string(name) + kMark; }

}  // namespace

Error::Error(int exit_code, const std::string& message)
    : std::runtime_error(for_terminal(bare(message))),
      marked_(message.find(kMark) == std::string::npos ? "" : message),
      exit_code_(exit_code) {}

InputError InputError::named(const FieldNames& names) const {
  return InputError("{}", with_fields(text(), [&](const std::string& name) {
                      const auto known = names.find(name);
                      return known == names.end() ? mark(name) : known->second;
                    }));
}

void fail_check(const char* file, int line, const char* condition, const std::string& values) {
  throw std::logic_error(
      fmt::format("{}:{}: internal check failed: {} ({})", file, line, condition, values));
}

}  // namespace brownout

fmt::format_context::iterator fmt::formatter<brownout::Field>::format(
    const brownout::Field& field, format_context& context) const {
  return fmt::format_to(context.out(), "{}", brownout::mark(field.name));
}
