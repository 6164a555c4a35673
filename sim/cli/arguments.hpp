// SPDX-License-Identifier: Apache-2.0
// Option values from text: checks of CLI11, and forms that only the command line has.
#pragma once
#include <CLI/CLI.hpp>
#include <cstdint>
#include <string>
#include <vector>

#include "sim/base/setting_text.hpp"

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

/// Processing elements of an array.
struct ArraySize {
  int rows = 0, columns = 0;
};
/// Sides that are only counted with, which no accelerator has.
inline constexpr std::int64_t kMaxArraySide = 65536;
/// "32x32": rows x columns, each in [1, most].
ArraySize parse_array(const std::string& option, const std::string& text,
                      std::int64_t most = kMaxArraySide);

}  // namespace brownout::cli
