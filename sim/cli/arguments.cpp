// SPDX-License-Identifier: Apache-2.0
// std::from_chars must take the whole text, otherwise it is an error.
#include "sim/cli/arguments.hpp"

#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <cmath>

#include "sim/base/error.hpp"
#include "sim/base/text.hpp"
#include "sim/data/data_file.hpp"
#include "sim/mapping/dataflow.hpp"

namespace brownout::cli {

namespace {

constexpr std::int64_t kShownInHelp = 1'000'000;  // higher limits say nothing to a reader

/// "" or what is wrong.
std::string read_integer(const std::string& text, std::int64_t low, std::int64_t high,
                         std::int64_t& value) {
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  if (error == std::errc() && stop == end && value >= low && value <= high) return "";
  return fmt::format("expected an integer in [{}, {}], got {}", low, high, in_quotes(text));
}

std::string read_number(const std::string& text, double low, double high, double& value) {
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

}  // namespace

std::int64_t parse_integer(const std::string& option, const std::string& text, std::int64_t low,
                           std::int64_t high) {
  std::int64_t value = 0;
  const std::string problem = read_integer(text, low, high, value);
  if (!problem.empty()) throw InputError("{}: {}", option, problem);
  return value;
}

double parse_number(const std::string& option, const std::string& text, double low, double high) {
  double value = 0;
  const std::string problem = read_number(text, low, high, value);
  if (!problem.empty()) throw InputError("{}: {}", option, problem);
  return value;
}

std::string parse_choice(const std::string& option, const std::string& text,
                         const std::vector<std::string>& names) {
  const std::string problem = problem_of_choice(text, names);
  if (!problem.empty()) throw InputError("{}: {}", option, problem);
  return text;
}

CLI::Validator integer_in(std::int64_t low, std::int64_t high) {
  const auto canonical = [low, high](std::string& text) {
    std::int64_t value = 0;
    std::string problem = read_integer(text, low, high, value);
    if (problem.empty()) text = std::to_string(value);  // CLI11 takes "010" for octal
    return problem;
  };
  return {canonical, high > kShownInHelp ? fmt::format(" {} or more", low)
                                         : fmt::format(" {} to {}", low, high)};
}

CLI::Validator number_in(double low, double high) {
  const auto canonical = [low, high](std::string& text) {
    double value = 0;
    std::string problem = read_number(text, low, high, value);
    if (problem.empty()) text = fmt::format("{:.17g}", value + 0.0);  // no "-0"
    return problem;
  };
  return {canonical, fmt::format(" {} to {}", low, high)};
}

CLI::Validator one_of(const std::vector<std::string>& names) {
  return {[names](std::string& text) { return problem_of_choice(text, names); },
          fmt::format(" {}", fmt::join(names, ", "))};
}

CLI::Validator dataflow_name() {
  return {[](std::string& text) {
            if (mapping::parse_dataflow(text)) return std::string();
            return problem_of_choice(text, mapping::dataflow_texts());
          },
          " ws, os, is"};
}

CLI::Validator array_dataflow_name() {
  return {[](std::string& text) {
            // The accelerator's reader says that inputs never stay.
            if (mapping::parse_dataflow(text)) return std::string();
            std::vector<std::string> texts = mapping::dataflow_texts();
            texts.erase(std::remove_if(texts.begin(), texts.end(),
                                       [](const std::string& one) {
                                         return mapping::parse_dataflow(one) ==
                                                mapping::Stationary::kInputs;
                                       }),
                        texts.end());
            return problem_of_choice(text, texts);
          },
          " ws, os"};
}

CLI::Validator data_name() {
  std::vector<std::string> names = data::dataset_names();
  names.emplace_back("FILE.yaml");
  return {[names](std::string& text) {
            return data::names_data_file(text) ? std::string() : problem_of_choice(text, names);
          },
          fmt::format(" {}", fmt::join(names, ", "))};
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

ArraySize parse_array(const std::string& option, const std::string& text, std::int64_t most) {
  const std::size_t x = text.find('x');
  if (x == std::string::npos) {
    throw InputError("{}: expected ROWSxCOLUMNS, for example 32x32, got {}", option,
                     in_quotes(text));
  }
  const auto side = [&](const char* name, const std::string& number) {
    return static_cast<int>(parse_integer(fmt::format("{}: {}", option, name), number, 1, most));
  };
  return {side("rows", text.substr(0, x)), side("columns", text.substr(x + 1))};
}

std::vector<std::int64_t> parse_extents(const std::string& option, const std::string& text) {
  constexpr std::int64_t kMostExtent = 1 << 20;
  std::vector<std::int64_t> extents;
  for (std::size_t begin = 0; !text.empty() && begin <= text.size();) {
    const std::size_t end = std::min(text.find('x', begin), text.size());
    extents.push_back(parse_integer(option, text.substr(begin, end - begin), 1, kMostExtent));
    begin = end + 1;
  }
  return extents;
}

std::vector<float> parse_numbers(const std::string& option, const std::string& text, double low,
                                 double high) {
  std::vector<float> numbers;
  for (std::size_t begin = 0; begin <= text.size();) {
    const std::size_t end = std::min(text.find(',', begin), text.size());
    numbers.push_back(
        static_cast<float>(parse_number(option, text.substr(begin, end - begin), low, high)));
    begin = end + 1;
  }
  return numbers;
}

}  // namespace brownout::cli
