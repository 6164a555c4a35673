// SPDX-License-Identifier: Apache-2.0
// Numbers must take the whole text.
#include "sim/base/yaml_values.hpp"

#include <charconv>
#include <cmath>

#include "sim/base/error.hpp"

namespace brownout {

std::string place(const std::filesystem::path& file, const YAML::Mark& mark) {
  if (mark.is_null()) return file.string();
  return fmt::format("{}:{}:{}", file.string(), mark.line + 1, mark.column + 1);
}

std::string place_of(const YamlMap::Source& source, const YAML::Node& node,
                     const YAML::Mark& mark) {
  // A map that one assignment made may hold values of later ones.
  const auto& overrides = source.overrides;
  for (const auto& [value, origin] : overrides) {
    if (value.is(node)) return source.file.string() + ": " + origin;
  }
  for (auto last = overrides.rbegin(); last != overrides.rend(); ++last) {
    if (count_uses(last->first, node) > 0) return source.file.string() + ": " + last->second;
  }
  return place(source.file, mark);
}
std::string place_of(const YamlMap::Source& source, const YAML::Node& node) {
  return place_of(source, node, node.Mark());
}

std::string place_of_key(const YamlMap::Source& source, const YAML::Node& key,
                         const YAML::Node& value) {
  return place_of(source, value, key.Mark());
}

void fail_at(const YamlMap::Source& source, const YAML::Node& node, const std::string& key,
             const std::string& expected) {
  throw InputError("{}: {}: expected {}, got {}", place_of(source, node), key, expected,
                   describe(node));
}

void fail_quoted(const YamlMap::Source& source, const YAML::Node& node, const std::string& key,
                 const std::string& expected) {
  throw InputError("{}: {}: expected {}, got the text {}; leave out the quotation marks",
                   place_of(source, node), key, expected, describe(node));
}

std::int64_t to_integer(const YAML::Node& node, const YamlMap::Source& source,
                        const std::string& key, std::int64_t low, std::int64_t high) {
  const std::string expected = fmt::format("an integer in [{}, {}]", low, high);
  if (is_quoted(node)) fail_quoted(source, node, key, expected);
  if (!node.IsScalar()) fail_at(source, node, key, expected);
  const std::string& text = node.Scalar();
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  const std::size_t digits = text.size() - (text.rfind('-', 0) == 0 ? 1 : 0);
  const bool leading_zero = digits > 1 && text[text.size() - digits] == '0';
  if (error != std::errc() || end != text.data() + text.size() || leading_zero || value < low ||
      value > high) {
    fail_at(source, node, key, expected);
  }
  return value;
}

double to_number(const YAML::Node& node, const YamlMap::Source& source, const std::string& key,
                 double low, double high) {
  const std::string expected = fmt::format("a number in [{}, {}]", low, high);
  if (is_quoted(node)) fail_quoted(source, node, key, expected);
  if (!node.IsScalar()) fail_at(source, node, key, expected);
  std::string_view text = node.Scalar();
  if (text.size() > 1 && text[0] == '+' && text[1] != '-') text.remove_prefix(1);
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || !std::isfinite(value) ||
      value < low || value > high) {
    fail_at(source, node, key, expected);
  }
  return value;
}

std::string to_text(const YAML::Node& node, const YamlMap::Source& source, const std::string& key) {
  if (!node.IsScalar() || node.Scalar().empty()) fail_at(source, node, key, "a text");
  return node.Scalar();
}

}  // namespace brownout
