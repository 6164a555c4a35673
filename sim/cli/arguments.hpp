// SPDX-License-Identifier: Apache-2.0
// Option values from text, as strict as the YAML reader: "--chips: expected an integer in
// [1, 1000000], got "0"".
#pragma once
#include <CLI/CLI.hpp>
#include <cstdint>
#include <string>
#include <vector>

namespace brownout::cli {

/// Checks of CLI11, for Option::transform: integers and numbers get a form that CLI11 reads as the
/// same number. Help shows what they accept.
CLI::Validator integer_in(std::int64_t low, std::int64_t high);
CLI::Validator number_in(double low, double high);
CLI::Validator one_of(const std::vector<std::string>& names);
/// A dataflow by either name (mapping::parse_dataflow).
CLI::Validator dataflow_name();
/// One that an accelerator's array has: inputs never stay.
CLI::Validator array_dataflow_name();
/// A known data set, or a data file (docs/data.md).
CLI::Validator data_name();

/// Plain decimal only.
std::int64_t parse_integer(const std::string& option, const std::string& text, std::int64_t low,
                           std::int64_t high);
/// Finite, in [low, high].
double parse_number(const std::string& option, const std::string& text, double low, double high);
/// One of `names`.
std::string parse_choice(const std::string& option, const std::string& text,
                         const std::vector<std::string>& names);

/// "a,b": names joined by commas, none of them empty; "" is no name.
std::vector<std::string> parse_names(const std::string& option, const std::string& text);

/// Processing elements of an array.
struct ArraySize {
  int rows = 0, columns = 0;
};
/// Sides that are only counted with, which no accelerator has.
inline constexpr std::int64_t kMaxArraySide = 65536;
/// "32x32": rows x columns, each in [1, most].
ArraySize parse_array(const std::string& option, const std::string& text,
                      std::int64_t most = kMaxArraySide);

/// "3x224x224": extents of at least 1; "" is no extents.
std::vector<std::int64_t> parse_extents(const std::string& option, const std::string& text);
/// "0.5,0.4": finite numbers in [low, high].
std::vector<float> parse_numbers(const std::string& option, const std::string& text, double low,
                                 double high);

}  // namespace brownout::cli
