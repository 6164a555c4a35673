// SPDX-License-Identifier: Apache-2.0
// Inside of the strict YAML reader: a document's file, and values given for it from outside.
#pragma once
#include <yaml-cpp/yaml.h>

#include <filesystem>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sim/base/yaml.hpp"

namespace brownout {

/// The file of a document, and the values that took the place of its own.
struct YamlMap::Source {
  std::filesystem::path file;
  std::vector<std::pair<YAML::Node, std::string>> overrides;  // and where each was given
};

/// How often `node` is `wanted` or holds it, aliases counted each time they are used.
int count_uses(const YAML::Node& node, const YAML::Node& wanted);

/// "a list", "a map", or the scalar in quotation marks.
std::string describe(const YAML::Node& node);

/// "5" in quotation marks is a text.
bool is_quoted(const YAML::Node& node);

/// On one line, keys sorted; texts that need quotation marks have them.
std::string flow_text(const YAML::Node& node);

/// Holds control characters that no text has.
bool is_binary(std::string_view text);

/// Puts the value of "key.path=VALUE" into the document and notes it; null takes the key away.
/// InputError names the file and the assignment.
void apply_assignment(const std::string& text, YAML::Node document, YamlMap::Source& source);

}  // namespace brownout
