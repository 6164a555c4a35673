// SPDX-License-Identifier: Apache-2.0
// The strict reader over yaml-cpp, which by itself accepts duplicate keys, "010" and ".nan".
#include "sim/base/yaml.hpp"

#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <set>

#include "sim/base/error.hpp"
#include "sim/base/files.hpp"

namespace brownout {
namespace fs = std::filesystem;

/// One map: its node, the file it came from, its place in the document and the keys asked for.
struct YamlMap::State {
  YAML::Node node;
  fs::path file;
  std::string prefix;  // "array." for keys of the map "array"
  std::set<std::string> asked;
};

namespace {

std::string place(const fs::path& file, const YAML::Mark& mark) {
  if (mark.is_null()) return file.string();
  return fmt::format("{}:{}:{}", file.string(), mark.line + 1, mark.column + 1);
}

std::string describe(const YAML::Node& node) {
  switch (node.Type()) {
    case YAML::NodeType::Scalar:
      return fmt::format("\"{}\"", node.Scalar());
    case YAML::NodeType::Sequence:
      return "a list";
    case YAML::NodeType::Map:
      return "a map";
    default:
      return "nothing";
  }
}

/// Every map of a document must have scalar keys, none of them twice.
void check_keys(const YAML::Node& node, const fs::path& file, int depth = 0) {
  if (depth > 64) throw InputError("{}: nested deeper than 64 levels", place(file, node.Mark()));
  if (node.IsSequence()) {
    for (const YAML::Node& item : node) check_keys(item, file, depth + 1);
  } else if (node.IsMap()) {
    std::set<std::string> seen;
    for (const auto& entry : node) {
      if (!entry.first.IsScalar()) {
        throw InputError("{}: expected a plain key, found {}", place(file, entry.first.Mark()),
                         describe(entry.first));
      }
      if (!seen.insert(entry.first.Scalar()).second) {
        throw InputError("{}: duplicate key \"{}\"", place(file, entry.first.Mark()),
                         entry.first.Scalar());
      }
      check_keys(entry.second, file, depth + 1);
    }
  }
}

std::string joined(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : ", ") + name;
  return text;
}

[[noreturn]] void fail_at(const fs::path& file, const YAML::Node& node, const std::string& key,
                          const std::string& expected) {
  throw InputError("{}: {}: expected {}, got {}", place(file, node.Mark()), key, expected,
                   describe(node));
}

std::int64_t to_integer(const YAML::Node& node, const fs::path& file, const std::string& key,
                        std::int64_t low, std::int64_t high) {
  const std::string expected = fmt::format("an integer in [{}, {}]", low, high);
  if (!node.IsScalar() || node.Tag() == "!") fail_at(file, node, key, expected);
  const std::string& text = node.Scalar();
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  const std::size_t digits = text.size() - (text.rfind('-', 0) == 0 ? 1 : 0);
  const bool leading_zero = digits > 1 && text[text.size() - digits] == '0';
  if (error != std::errc() || end != text.data() + text.size() || leading_zero || value < low ||
      value > high) {
    fail_at(file, node, key, expected);
  }
  return value;
}

double to_number(const YAML::Node& node, const fs::path& file, const std::string& key, double low,
                 double high) {
  const std::string expected = fmt::format("a number in [{}, {}]", low, high);
  if (!node.IsScalar() || node.Tag() == "!") fail_at(file, node, key, expected);
  const std::string& text = node.Scalar();
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || !std::isfinite(value) ||
      value < low || value > high) {
    fail_at(file, node, key, expected);
  }
  return value;
}

std::string to_text(const YAML::Node& node, const fs::path& file, const std::string& key) {
  if (!node.IsScalar() || node.Scalar().empty()) fail_at(file, node, key, "a text");
  return node.Scalar();
}

std::size_t edit_distance(const std::string& a, const std::string& b) {
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t change = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, change});
    }
  }
  return row[b.size()];
}

}  // namespace

std::string nearest_name(const std::string& word, const std::vector<std::string>& known) {
  std::string best;
  std::size_t best_distance = std::max<std::size_t>(2, word.size() / 2) + 1;
  for (const std::string& name : known) {
    const std::size_t distance = edit_distance(word, name);
    if (distance < best_distance) {
      best = name;
      best_distance = distance;
    }
  }
  return best;
}

YamlMap::YamlMap(std::shared_ptr<State> state) : state_(std::move(state)) {}

YamlMap YamlMap::load(const fs::path& file) { return parse(read_file(file), file); }

YamlMap YamlMap::parse(const std::string& text, const fs::path& name) {
  std::vector<YAML::Node> documents;
  try {
    documents = YAML::LoadAll(text);
  } catch (const YAML::Exception& error) {
    throw InputError("{}: not valid YAML: {}", place(name, error.mark), error.msg);
  }
  if (documents.size() != 1 || !documents[0].IsMap()) {
    throw InputError("{}: expected one YAML map, found {}", name.string(),
                     documents.size() == 1 ? describe(documents[0])
                                           : fmt::format("{} documents", documents.size()));
  }
  check_keys(documents[0], name);
  auto state = std::make_shared<State>();
  state->node = documents[0];
  state->file = name;
  return YamlMap(state);
}

YAML::Node YamlMap::find(const std::string& key, bool required) {
  state_->asked.insert(key);
  for (const auto& entry : state_->node) {
    if (entry.first.Scalar() == key) return entry.second;
  }
  if (required) {
    throw InputError("{}: {}{}: missing", place(state_->file, state_->node.Mark()), state_->prefix,
                     key);
  }
  return YAML::Node(YAML::NodeType::Undefined);
}

bool YamlMap::has(const std::string& key) const {
  const std::vector<std::string> names = keys();
  return std::find(names.begin(), names.end(), key) != names.end();
}

std::string YamlMap::text(const std::string& key, std::optional<std::string> fallback) {
  const YAML::Node node = find(key, !fallback);
  return node.IsDefined() ? to_text(node, state_->file, state_->prefix + key) : *fallback;
}

bool YamlMap::boolean(const std::string& key, std::optional<bool> fallback) {
  const YAML::Node node = find(key, !fallback);
  if (!node.IsDefined()) return *fallback;
  if (node.IsScalar() && node.Tag() != "!" && node.Scalar() == "true") return true;
  if (node.IsScalar() && node.Tag() != "!" && node.Scalar() == "false") return false;
  fail_at(state_->file, node, state_->prefix + key, "true or false");
}

std::int64_t YamlMap::integer(const std::string& key, std::int64_t low, std::int64_t high,
                              std::optional<std::int64_t> fallback) {
  const YAML::Node node = find(key, !fallback);
  return node.IsDefined() ? to_integer(node, state_->file, state_->prefix + key, low, high)
                          : *fallback;
}

double YamlMap::number(const std::string& key, double low, double high,
                       std::optional<double> fallback) {
  const YAML::Node node = find(key, !fallback);
  return node.IsDefined() ? to_number(node, state_->file, state_->prefix + key, low, high)
                          : *fallback;
}

int YamlMap::choice(const std::string& key, const std::vector<std::string>& names,
                    std::optional<int> fallback) {
  const YAML::Node node = find(key, !fallback);
  if (!node.IsDefined()) return *fallback;
  const auto found =
      node.IsScalar() ? std::find(names.begin(), names.end(), node.Scalar()) : names.end();
  if (found == names.end()) {
    fail_at(state_->file, node, state_->prefix + key, "one of " + joined(names));
  }
  return static_cast<int>(found - names.begin());
}

fs::path YamlMap::path(const std::string& key, std::optional<fs::path> fallback) {
  const YAML::Node node = find(key, !fallback);
  if (!node.IsDefined()) return *fallback;
  const fs::path given = to_text(node, state_->file, state_->prefix + key);
  return fs::absolute(state_->file.parent_path() / given).lexically_normal();
}

namespace {

/// The items of a list; a required list may not be empty.
std::vector<YAML::Node> items(const YAML::Node& node, const fs::path& file, const std::string& key,
                              bool required) {
  if (!node.IsDefined()) return {};
  if (!node.IsSequence() || (required && node.size() == 0)) {
    fail_at(file, node, key, required ? "a list that is not empty" : "a list");
  }
  return {node.begin(), node.end()};
}

std::string item_name(const std::string& key, std::size_t index) {
  return fmt::format("{}[{}]", key, index);
}

}  // namespace

std::vector<std::string> YamlMap::texts(const std::string& key, bool required) {
  const std::string name = state_->prefix + key;
  std::vector<std::string> result;
  for (const YAML::Node& item : items(find(key, required), state_->file, name, required)) {
    result.push_back(to_text(item, state_->file, item_name(name, result.size())));
  }
  return result;
}

std::vector<double> YamlMap::numbers(const std::string& key, double low, double high,
                                     bool required) {
  const std::string name = state_->prefix + key;
  std::vector<double> result;
  for (const YAML::Node& item : items(find(key, required), state_->file, name, required)) {
    result.push_back(to_number(item, state_->file, item_name(name, result.size()), low, high));
  }
  return result;
}

std::vector<std::int64_t> YamlMap::integers(const std::string& key, std::int64_t low,
                                            std::int64_t high, bool required) {
  const std::string name = state_->prefix + key;
  std::vector<std::int64_t> result;
  for (const YAML::Node& item : items(find(key, required), state_->file, name, required)) {
    result.push_back(to_integer(item, state_->file, item_name(name, result.size()), low, high));
  }
  return result;
}

std::vector<fs::path> YamlMap::paths(const std::string& key, bool required) {
  std::vector<fs::path> result;
  for (const std::string& text : texts(key, required)) {
    result.push_back(fs::absolute(state_->file.parent_path() / text).lexically_normal());
  }
  return result;
}

std::vector<YamlMap> YamlMap::maps(const std::string& key, bool required) {
  const std::string name = state_->prefix + key;
  std::vector<YamlMap> result;
  for (const YAML::Node& item : items(find(key, required), state_->file, name, required)) {
    const std::string item_key = item_name(name, result.size());
    if (!item.IsMap()) fail_at(state_->file, item, item_key, "a map");
    auto state = std::make_shared<State>();
    state->node = item;
    state->file = state_->file;
    state->prefix = item_key + ".";
    result.push_back(YamlMap(state));
  }
  return result;
}

YamlMap YamlMap::map(const std::string& key) {
  const YAML::Node node = find(key, true);
  if (!node.IsMap()) fail_at(state_->file, node, state_->prefix + key, "a map");
  auto state = std::make_shared<State>();
  state->node = node;
  state->file = state_->file;
  state->prefix = state_->prefix + key + ".";
  return YamlMap(state);
}

std::optional<YamlMap> YamlMap::optional_map(const std::string& key) {
  if (!find(key, false).IsDefined()) return std::nullopt;
  return map(key);
}

std::vector<std::string> YamlMap::keys() const {
  std::vector<std::string> names;
  for (const auto& entry : state_->node) names.push_back(entry.first.Scalar());
  return names;
}

void YamlMap::finish() const {
  for (const auto& entry : state_->node) {
    const std::string& key = entry.first.Scalar();
    if (state_->asked.count(key) != 0) continue;
    const std::vector<std::string> known(state_->asked.begin(), state_->asked.end());
    const std::string near = nearest_name(key, known);
    throw InputError(
        "{}: unknown key \"{}{}\"; {}", place(state_->file, entry.first.Mark()), state_->prefix,
        key,
        near.empty() ? "known keys: " + joined(known) : fmt::format("did you mean \"{}\"?", near));
  }
}

void YamlMap::fail(const std::string& key, const std::string& message) const {
  YAML::Mark mark = state_->node.Mark();
  for (const auto& entry : state_->node) {
    if (entry.first.Scalar() == key) mark = entry.second.Mark();
  }
  throw InputError("{}: {}{}: {}", place(state_->file, mark), state_->prefix, key, message);
}

const fs::path& YamlMap::file() const { return state_->file; }

std::string YamlMap::dump() const { return YAML::Dump(state_->node); }

}  // namespace brownout
