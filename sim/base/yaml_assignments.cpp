// SPDX-License-Identifier: Apache-2.0
// Values that replace a document's own before it is read.
#include "sim/base/yaml_assignments.hpp"

#include <algorithm>
#include <cctype>
#include <map>

#include "sim/base/error.hpp"
#include "sim/base/yaml_document.hpp"

namespace brownout {

int count_uses(const YAML::Node& node, const YAML::Node& wanted) {
  int uses = node.is(wanted) ? 1 : 0;
  if (node.IsSequence()) {
    for (const YAML::Node& item : node) uses += count_uses(item, wanted);
  } else if (node.IsMap()) {
    for (const auto& entry : node) uses += count_uses(entry.second, wanted);
  }
  return uses;
}

std::string describe(const YAML::Node& node) {
  switch (node.Type()) {
    case YAML::NodeType::Scalar:
      return in_quotes(node.Scalar());
    case YAML::NodeType::Sequence:
      return node.size() == 0 ? "an empty list" : "a list";
    case YAML::NodeType::Map:
      return "a map";
    default:
      return "nothing";
  }
}

bool is_binary(std::string_view text) {
  constexpr std::string_view kOfTexts = "\t\n\v\f\r\x1b";
  return std::any_of(text.begin(), text.end(), [&](char c) {
    return static_cast<unsigned char>(c) < 0x20 && kOfTexts.find(c) == std::string_view::npos;
  });
}

bool is_quoted(const YAML::Node& node) { return node.IsScalar() && node.Tag() == "!"; }

std::string flow_text(const YAML::Node& node) {
  if (node.IsSequence()) {
    std::string text;
    for (const YAML::Node& item : node) text += (text.empty() ? "" : ", ") + flow_text(item);
    return "[" + text + "]";
  }
  if (node.IsMap()) {
    std::map<std::string, std::string> parts;
    for (const auto& entry : node) parts[flow_text(entry.first)] = flow_text(entry.second);
    std::string text;
    for (const auto& [key, value] : parts) text += (text.empty() ? "" : ", ") + key + ": " + value;
    return "{" + text + "}";
  }
  if (!node.IsScalar()) return "null";
  const std::string& text = node.Scalar();
  constexpr std::string_view kPlain = "_-+./%";
  const bool plain =
      !is_quoted(node) && !text.empty() && std::all_of(text.begin(), text.end(), [&](char c) {
        return std::isalnum(static_cast<unsigned char>(c)) != 0 ||
               kPlain.find(c) != std::string_view::npos;
      });
  if (plain && text != "null" && text != "-") return text;
  YAML::Emitter emitter;
  emitter << YAML::DoubleQuoted << text;
  return emitter.c_str();
}

namespace {

/// "schedule.epochs=3": the keys that lead to the value, and its text.
struct Assignment {
  std::vector<std::string> keys;
  std::string value;
};

Assignment split_assignment(const std::string& text, const std::string& origin) {
  const std::size_t equals = text.find('=');
  Assignment result;
  std::string key = equals == std::string::npos ? text : text.substr(0, equals);
  for (std::size_t dot = 0; dot != std::string::npos;) {
    dot = key.find('.');
    result.keys.push_back(key.substr(0, dot));
    key.erase(0, dot == std::string::npos ? dot : dot + 1);
    if (equals != std::string::npos && !result.keys.back().empty()) continue;
    throw InputError("{}: expected KEY.PATH=VALUE, such as schedule.epochs=3", origin);
  }
  result.value = text.substr(equals + 1);
  return result;
}

YAML::Node child(const YAML::Node& map, const std::string& key) {
  for (const auto& entry : map) {
    if (entry.first.IsScalar() && entry.first.Scalar() == key) return entry.second;
  }
  return YAML::Node(YAML::NodeType::Undefined);
}

}  // namespace

void apply_assignment(const std::string& text, YAML::Node document, YamlMap::Source& source) {
  const std::string origin = fmt::format("{} {}", Field{"set"}, in_quotes(text));
  const std::string where = source.file.string() + ": " + origin;
  const Assignment assignment = split_assignment(text, where);
  std::vector<YAML::Node> values;
  try {
    values = load_documents(assignment.value);
  } catch (const YamlProblem& problem) {
    throw InputError("{}: the value: {}", where, problem.what());
  }
  if (is_binary(assignment.value) || values.size() != 1) {
    throw InputError("{}: expected one value behind the =, found {}", where,
                     values.empty() ? "none" : "something else");
  }
  YAML::Node map = document;
  std::string path;
  for (std::size_t i = 0; i < assignment.keys.size(); ++i) {
    if (!map.IsMap()) {
      throw InputError("{}: {} is {}, expected a map of keys", where, path, describe(map));
    }
    if (count_uses(document, map) > 1) {
      throw InputError("{}: {} stands in several places of the file (an alias)", where, path);
    }
    const std::string& key = assignment.keys[i];
    path += (i == 0 ? "" : ".") + key;
    YAML::Node next = child(map, key);
    const bool last = i + 1 == assignment.keys.size();
    if (!last && !next.IsDefined()) {
      if (values[0].IsNull()) return;  // nothing to take away
      next = YAML::Node(YAML::NodeType::Map);
      map[key] = next;
      source.overrides.emplace_back(next, origin);
    }
    if (last) {
      map.remove(key);
      if (values[0].IsNull()) return;
      map[key] = values[0];
      source.overrides.emplace_back(values[0], origin);
    }
    map.reset(next);
  }
}

}  // namespace brownout
