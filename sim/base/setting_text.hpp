// SPDX-License-Identifier: Apache-2.0
// Values of settings from text, as strict as the YAML reader: "--chips: expected an integer in
// [1, 1000000], got "0"".
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace brownout {

/// A field as a text, for functions that take the name of a setting and put it into a message.
std::string field_text(std::string_view name);

/// "" and the value, or what is wrong. Integers are plain decimal, numbers finite; both lie in
/// [low, high].
std::string problem_of_integer(const std::string& text, std::int64_t low, std::int64_t high,
                               std::int64_t& value);
std::string problem_of_number(const std::string& text, double low, double high, double& value);
/// Likewise for one of `names`.
std::string problem_of_choice(const std::string& text, const std::vector<std::string>& names);

/// The value. InputError, which begins with `what`, if something is wrong.
std::int64_t parse_integer(const std::string& what, const std::string& text, std::int64_t low,
                           std::int64_t high);
double parse_number(const std::string& what, const std::string& text, double low, double high);
std::string parse_choice(const std::string& what, const std::string& text,
                         const std::vector<std::string>& names);

/// "a,b": names joined by commas, none of them empty; "" is no name.
std::vector<std::string> parse_names(const std::string& what, const std::string& text);

/// "3x224x224": extents of at least 1; "" is no extents.
std::vector<std::int64_t> parse_extents(const std::string& what, const std::string& text);
/// "0.5,0.4": finite numbers in [low, high].
std::vector<float> parse_numbers(const std::string& what, const std::string& text, double low,
                                 double high);

}  // namespace brownout
