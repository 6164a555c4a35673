// SPDX-License-Identifier: Apache-2.0
// Internal to the strict YAML reader: scalars as values, and the places that messages name.
#pragma once
#include <yaml-cpp/yaml.h>

#include <cstdint>
#include <filesystem>
#include <string>

#include "sim/base/yaml_assignments.hpp"

namespace brownout {

/// "file.yaml:3:7", or the file alone when there is no mark.
std::string place(const std::filesystem::path& file, const YAML::Mark& mark);
/// The place of a value: in the file, or the override that it belongs to.
std::string place_of(const YamlMap::Source& source, const YAML::Node& node, const YAML::Mark& mark);
std::string place_of(const YamlMap::Source& source, const YAML::Node& node);
/// The place of a key, which depends on where its value is from.
std::string place_of_key(const YamlMap::Source& source, const YAML::Node& key,
                         const YAML::Node& value);

/// InputError: "<place>: <key>: expected <expected>, got …".
[[noreturn]] void fail_at(const YamlMap::Source& source, const YAML::Node& node,
                          const std::string& key, const std::string& expected);
/// The same for a text in quotation marks where something else was expected.
[[noreturn]] void fail_quoted(const YamlMap::Source& source, const YAML::Node& node,
                              const std::string& key, const std::string& expected);

/// InputError unless the scalar is such a value; `key` names it. Numbers in [low, high].
std::int64_t to_integer(const YAML::Node& node, const YamlMap::Source& source,
                        const std::string& key, std::int64_t low, std::int64_t high);
double to_number(const YAML::Node& node, const YamlMap::Source& source, const std::string& key,
                 double low, double high);
std::string to_text(const YAML::Node& node, const YamlMap::Source& source, const std::string& key);

}  // namespace brownout
