// SPDX-License-Identifier: Apache-2.0
// std::from_chars must take the whole text, otherwise it is an error.
#include "sim/cli/arguments.hpp"

#include <fmt/ranges.h>

#include <algorithm>

#include "sim/base/error.hpp"
#include "sim/base/text.hpp"
#include "sim/data/data_file.hpp"
#include "sim/mapping/dataflow.hpp"

namespace brownout::cli {

namespace {

constexpr std::int64_t kShownInHelp = 1'000'000;  // higher limits say nothing to a reader

}  // namespace

CLI::Validator integer_in(std::int64_t low, std::int64_t high) {
  const auto canonical = [low, high](std::string& text) {
    std::int64_t value = 0;
    std::string problem = problem_of_integer(text, low, high, value);
    if (problem.empty()) text = std::to_string(value);  // CLI11 takes "010" for octal
    return problem;
  };
  return {canonical, high > kShownInHelp ? fmt::format(" {} or more", low)
                                         : fmt::format(" {} to {}", low, high)};
}

CLI::Validator number_in(double low, double high) {
  const auto canonical = [low, high](std::string& text) {
    double value = 0;
    std::string problem = problem_of_number(text, low, high, value);
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

}  // namespace brownout::cli
