// SPDX-License-Identifier: Apache-2.0
// Internal to the strict YAML reader: a document's file, and values given for it from outside.
#pragma once
#include <yaml-cpp/yaml.h>

#include <filesystem>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sim/base/yaml.hpp"

namespace brownout {

/// The file of a document, and the values that replaced its own.
struct YamlMap::Source {
  std::filesystem::path file;
  std::vector<std::pair<YAML::Node, std::string>> overrides;  // and where each was given
};

/// How often `node` is `wanted` or contains it; aliases are counted each time they are used.
int count_uses(const YAML::Node& node, const YAML::Node& wanted);

/// "a list", "a map", or the scalar in quotation marks.
std::string describe(const YAML::Node& node);

/// Whether the scalar is in quotation marks: "5" in quotation marks is a text, not a number.
bool is_quoted(const YAML::Node& node);

/// On one line, with sorted keys; texts that need quotation marks have them.
std::string flow_text(const YAML::Node& node);

/// Contains control characters, which no text may have.
bool is_binary(std::string_view text);

/// Puts the value of "key.path=VALUE" into the document and remembers it; null removes the key.
/// InputError names the file and the assignment.
void apply_assignment(const std::string& text, const YAML::Node& document, YamlMap::Source& source);

}  // namespace brownout
