// SPDX-License-Identifier: Apache-2.0
// std::from_chars must take the whole text, otherwise it is an error.
#include "sim/base/setting_text.hpp"

#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <cmath>

#include "sim/base/error.hpp"
#include "sim/base/text.hpp"

namespace brownout {

std::string field_text(std::string_view name) { return fmt::format("{}", Field{name}); }

std::string problem_of_integer(const std::string& text, std::int64_t low, std::int64_t high,
                               std::int64_t& value) {
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  if (error == std::errc() && stop == end && value >= low && value <= high) return "";
  return fmt::format("expected an integer in [{}, {}], got {}", low, high, in_quotes(text));
}

std::string problem_of_number(const std::string& text, double low, double high, double& value) {
  const char* end = text.data() + text.size();
  const bool plus = text.size() > 1 && text[0] == '+' && text[1] != '-';
  const auto [stop, error] = std::from_chars(text.data() + (plus ? 1 : 0), end, value);
  const bool read = error == std::errc() && stop == end && std::isfinite(value);
  if (read && value >= low && value <= high) return "";
  return fmt::format("expected a number in [{}, {}], got {}", low, high, in_quotes(text));
}

std::string problem_of_choice(const std::string& text, const std::vector<std::string>& names) {
  if (std::find(names.begin(), names.end(), text) != names.end()) return "";
  const std::string near = nearest_name(text, names);
  return fmt::format("expected one of {}, got {}{}", fmt::join(names, ", "), in_quotes(text),
                     near.empty() ? "" : fmt::format("; did you mean \"{}\"?", near));
}

std::int64_t parse_integer(const std::string& what, const std::string& text, std::int64_t low,
                           std::int64_t high) {
  std::int64_t value = 0;
  const std::string problem = problem_of_integer(text, low, high, value);
  if (!problem.empty()) throw InputError("{}: {}", what, problem);
  return value;
}

double parse_number(const std::string& what, const std::string& text, double low, double high) {
  double value = 0;
  const std::string problem = problem_of_number(text, low, high, value);
  if (!problem.empty()) throw InputError("{}: {}", what, problem);
  return value;
}

std::string parse_choice(const std::string& what, const std::string& text,
                         const std::vector<std::string>& names) {
  const std::string problem = problem_of_choice(text, names);
  if (!problem.empty()) throw InputError("{}: {}", what, problem);
  return text;
}

std::vector<std::string> parse_names(const std::string& what, const std::string& text) {
  std::vector<std::string> names;
  if (text.empty()) return names;
  for (std::size_t begin = 0; begin <= text.size();) {
    const std::size_t end = std::min(text.find(',', begin), text.size());
    if (end == begin)
      throw InputError("{}: expected names joined by commas, got {}", what, in_quotes(text));
    names.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return names;
}

std::vector<std::int64_t> parse_extents(const std::string& what, const std::string& text) {
  constexpr std::int64_t kMostExtent = 1 << 20;
  std::vector<std::int64_t> extents;
  for (std::size_t begin = 0; !text.empty() && begin <= text.size();) {
    const std::size_t end = std::min(text.find('x', begin), text.size());
    extents.push_back(parse_integer(what, text.substr(begin, end - begin), 1, kMostExtent));
    begin = end + 1;
  }
  return extents;
}

std::vector<float> parse_numbers(const std::string& what, const std::string& text, double low,
                                 double high) {
  std::vector<float> numbers;
  for (std::size_t begin = 0; begin <= text.size();) {
    const std::size_t end = std::min(text.find(',', begin), text.size());
    numbers.push_back(
        static_cast<float>(parse_number(what, text.substr(begin, end - begin), low, high)));
    begin = end + 1;
  }
  return numbers;
}

}  // namespace brownout
