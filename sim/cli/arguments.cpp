// SPDX-License-Identifier: Apache-2.0
// std::from_chars must take the whole text, otherwise it is an error.
#include "sim/cli/arguments.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "sim/base/error.hpp"
#include "sim/base/text.hpp"

namespace brownout::cli {

namespace {

constexpr std::int64_t kMaxArraySide = 65536;

}  // namespace

std::int64_t parse_integer(const std::string& option, const std::string& text, std::int64_t low,
                           std::int64_t high) {
  std::int64_t value = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc() || stop != end || value < low || value > high) {
    throw InputError("{}: expected an integer in [{}, {}], got {}", option, low, high,
                     in_quotes(text));
  }
  return value;
}

double parse_number(const std::string& option, const std::string& text, double low, double high) {
  double value = 0;
  const char* end = text.data() + text.size();
  const bool plus = text.size() > 1 && text[0] == '+' && text[1] != '-';
  const auto [stop, error] = std::from_chars(text.data() + (plus ? 1 : 0), end, value);
  if (error != std::errc() || stop != end || !std::isfinite(value) || value < low || value > high) {
    throw InputError("{}: expected a number in [{}, {}], got {}", option, low, high,
                     in_quotes(text));
  }
  return value;
}

std::string parse_choice(const std::string& option, const std::string& text,
                         const std::vector<std::string>& names) {
  if (std::find(names.begin(), names.end(), text) != names.end()) return text;
  std::string list;
  for (const std::string& name : names) list += (list.empty() ? "" : ", ") + name;
  const std::string near = nearest_name(text, names);
  throw InputError("{}: expected one of {}, got {}{}", option, list, in_quotes(text),
                   near.empty() ? "" : fmt::format("; did you mean \"{}\"?", near));
}

std::vector<std::string> parse_names(const std::string& option, const std::string& text) {
  std::vector<std::string> names;
  if (text.empty()) return names;
  for (std::size_t begin = 0; begin <= text.size();) {
    const std::size_t end = std::min(text.find(',', begin), text.size());
    if (end == begin)
      throw InputError("{}: expected names joined by commas, got {}", option, in_quotes(text));
    names.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return names;
}

ArraySize parse_array(const std::string& option, const std::string& text) {
  const std::size_t x = text.find('x');
  if (x == std::string::npos) {
    throw InputError("{}: expected ROWSxCOLUMNS, for example 32x32, got {}", option,
                     in_quotes(text));
  }
  const auto side = [&](const char* name, const std::string& number) {
    return static_cast<int>(
        parse_integer(fmt::format("{}: {}", option, name), number, 1, kMaxArraySide));
  };
  return {side("rows", text.substr(0, x)), side("columns", text.substr(x + 1))};
}

}  // namespace brownout::cli
