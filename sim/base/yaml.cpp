// SPDX-License-Identifier: Apache-2.0
// The strict reader over yaml-cpp, which by itself accepts duplicate keys, "010" and ".nan".
#include "sim/base/yaml.hpp"

#include <fmt/ranges.h>
#include <unistd.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <cstring>
#include <set>

#include "sim/base/error.hpp"
#include "sim/base/files.hpp"
#include "sim/base/outputs.hpp"
#include "sim/base/text.hpp"
#include "sim/base/yaml_assignments.hpp"
#include "sim/base/yaml_document.hpp"
#include "sim/base/yaml_values.hpp"

namespace brownout {
namespace fs = std::filesystem;

/// One map: its node, where it comes from, its place in the document and the keys that were asked
/// for.
struct YamlMap::State {
  YAML::Node node;
  std::shared_ptr<const Source> source;
  std::string prefix;  // "array." for keys of the map "array"
  std::set<std::string> asked;
  std::set<std::string> mentioned;  // keys asked after with has()
  std::set<std::string> known;      // all that expect() named; empty: it was not called
  std::map<std::string, std::string> templates;  // texts with a `$name`, as the file has them
};

namespace {

constexpr std::uint64_t kMaxFileBytes = 16 << 20;

using Source = YamlMap::Source;

/// Every map of a document must have scalar keys, and no key twice. Aliases make a short text
/// large, so what they stand for is counted each time; `left` is the number of values that are
/// still allowed.
void check_keys(const YAML::Node& node, const Source& source, int& left, int depth = 0) {
  if (depth > kMaxYamlDepth) {
    throw InputError("{}: nested deeper than {} levels", place_of(source, node), kMaxYamlDepth);
  }
  if (--left < 0) {
    throw InputError("{}: holds more than {} values, aliases counted each time they are used",
                     source.file.string(), kMaxYamlValues);
  }
  if (node.IsSequence()) {
    for (const YAML::Node& item : node) check_keys(item, source, left, depth + 1);
  } else if (node.IsMap()) {
    std::set<std::string> seen;
    for (const auto& entry : node) {
      if (!entry.first.IsScalar()) {
        throw InputError("{}: expected a plain key, found {}",
                         place_of_key(source, entry.first, entry.second), describe(entry.first));
      }
      if (!seen.insert(entry.first.Scalar()).second) {
        throw InputError("{}: duplicate key {}", place_of_key(source, entry.first, entry.second),
                         in_quotes(entry.first.Scalar()));
      }
      check_keys(entry.second, source, left, depth + 1);
    }
  }
}

std::string joined(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : ", ") + name;
  return text;
}

/// Whether one key was probably typed for another: near enough that a second valid key is not
/// mistaken for it.
bool is_slip(const std::string& typed, const std::string& meant) {
  return typed.size() + 2 >= meant.size() && meant.size() > 3 && nearest_name(typed, {meant}) != "";
}

/// Undefined when the key is not there.
YAML::NodeType::value kind_of(const YAML::Node& map, const std::string& key) {
  for (const auto& entry : map) {
    if (entry.first.Scalar() == key) return entry.second.Type();
  }
  return YAML::NodeType::Undefined;
}

}  // namespace

YamlMap::YamlMap(std::shared_ptr<State> state) : state_(std::move(state)) {}

YamlMap YamlMap::load(const fs::path& file, const std::vector<std::string>& assignments) {
  return parse(read_file(file, kMaxFileBytes), file, assignments);
}

YamlMap YamlMap::parse(const std::string& text, const fs::path& name,
                       const std::vector<std::string>& assignments) {
  if (looks_like_utf16(text)) {
    throw InputError(
        "{}: expected YAML text in UTF-8, found what looks like UTF-16 (every second byte is 0)",
        name.string());
  }
  if (is_binary(text)) {
    // An ONNX file begins with its format version, which is field 1 of the message.
    throw InputError(
        "{}: expected YAML text, found {}", name.string(),
        text.front() == '\x08' ? "binary data, maybe a network (ONNX)" : "binary data");
  }
  std::vector<YAML::Node> documents;
  try {
    documents = load_documents(text);
  } catch (const YamlProblem& problem) {
    throw InputError("{}: {}", place(name, problem.mark), problem.what());
  }
  if (documents.size() != 1 || !documents[0].IsMap()) {
    throw InputError("{}: expected one YAML map, found {}", name.string(),
                     documents.size() == 1 ? describe(documents[0])
                                           : fmt::format("{} documents", documents.size()));
  }
  auto source = std::make_shared<Source>();
  source->file = name;
  int left = kMaxYamlValues;
  check_keys(documents[0], *source, left);
  for (const std::string& assignment : assignments)
    apply_assignment(assignment, documents[0], *source);
  left = kMaxYamlValues;
  if (!assignments.empty()) check_keys(documents[0], *source, left);
  auto state = std::make_shared<State>();
  state->node = documents[0];
  state->source = std::move(source);
  return YamlMap(state);
}

YAML::Node YamlMap::find(const std::string& key, bool required) {
  BROWNOUT_CHECK(state_->known.empty() || state_->known.count(key) != 0,
                 "{}{} is read, but is none of the keys that were expected: {}", state_->prefix,
                 key, fmt::join(state_->known, ", "));
  state_->asked.insert(key);
  for (const auto& entry : state_->node) {
    if (entry.first.Scalar() != key) continue;
    if (entry.second.IsNull()) {  // its own mark is where the parser looked for it, lines below
      throw InputError("{}: {}{}: expected a value, got nothing",
                       place_of_key(*state_->source, entry.first, entry.second), state_->prefix,
                       key);
    }
    return entry.second;
  }
  if (required) {
    // Most often the key is there, but misspelt.
    for (const auto& entry : state_->node) {
      const std::string& other = entry.first.Scalar();
      if (state_->asked.count(other) == 0 && is_slip(other, key)) {
        throw InputError("{}: unknown key {}; did you mean \"{}\", which is missing?",
                         place_of_key(*state_->source, entry.first, entry.second),
                         in_quotes(state_->prefix + other), key);
      }
    }
    throw InputError("{}: {}{}: missing", place_of(*state_->source, state_->node), state_->prefix,
                     key);
  }
  return YAML::Node(YAML::NodeType::Undefined);
}

bool YamlMap::has(const std::string& key) const {
  state_->mentioned.insert(key);
  const std::vector<std::string> names = keys();
  return std::find(names.begin(), names.end(), key) != names.end();
}

bool YamlMap::is_list(const std::string& key) const {
  state_->mentioned.insert(key);
  return kind_of(state_->node, key) == YAML::NodeType::Sequence;
}

bool YamlMap::holds_map(const std::string& key) const {
  return kind_of(state_->node, key) == YAML::NodeType::Map;
}

std::string YamlMap::text(const std::string& key, std::optional<std::string> fallback) {
  const YAML::Node node = find(key, !fallback);
  return node.IsDefined() ? to_text(node, *state_->source, state_->prefix + key) : fallback.value();
}

std::string YamlMap::name(const std::string& key) {
  std::string name = text(key);
  if (printable(name) != name) {
    fail(key, "expected a name without control characters, got " + in_quotes(name));
  }
  return name;
}

bool YamlMap::boolean(const std::string& key, std::optional<bool> fallback) {
  const YAML::Node node = find(key, !fallback);
  if (!node.IsDefined()) return *fallback;
  if (is_quoted(node)) fail_quoted(*state_->source, node, state_->prefix + key, "true or false");
  if (node.IsScalar() && node.Scalar() == "true") return true;
  if (node.IsScalar() && node.Scalar() == "false") return false;
  fail_at(*state_->source, node, state_->prefix + key, "true or false");
}

std::int64_t YamlMap::integer(const std::string& key, std::int64_t low, std::int64_t high,
                              std::optional<std::int64_t> fallback) {
  const YAML::Node node = find(key, !fallback);
  return node.IsDefined() ? to_integer(node, *state_->source, state_->prefix + key, low, high)
                          : *fallback;
}

double YamlMap::number(const std::string& key, double low, double high,
                       std::optional<double> fallback) {
  const YAML::Node node = find(key, !fallback);
  return node.IsDefined() ? to_number(node, *state_->source, state_->prefix + key, low, high)
                          : *fallback;
}

int YamlMap::choice(const std::string& key, const std::vector<std::string>& names,
                    std::optional<int> fallback) {
  const YAML::Node node = find(key, !fallback);
  if (!node.IsDefined()) return *fallback;
  const auto found =
      node.IsScalar() ? std::find(names.begin(), names.end(), node.Scalar()) : names.end();
  if (found == names.end()) {
    fail_at(*state_->source, node, state_->prefix + key, "one of " + joined(names));
  }
  return static_cast<int>(found - names.begin());
}

fs::path YamlMap::path(const std::string& key, std::optional<fs::path> fallback) {
  const YAML::Node node = find(key, !fallback);
  if (!node.IsDefined()) return *fallback;
  const fs::path given = to_text(node, *state_->source, state_->prefix + key);
  return fs::absolute(state_->source->file.parent_path() / given).lexically_normal();
}

namespace {

/// The items of a list; a required list must not be empty.
std::vector<YAML::Node> items(const YAML::Node& node, const Source& source, const std::string& key,
                              bool required) {
  if (!node.IsDefined()) return {};
  if (!node.IsSequence() || (required && node.size() == 0)) {
    fail_at(source, node, key, required ? "a list with at least one entry" : "a list");
  }
  return {node.begin(), node.end()};
}

std::string item_name(const std::string& key, std::size_t index) {
  return fmt::format("{}[{}]", key, index);
}

/// A file to read that a node names: absolute, present, readable.
fs::path to_input_file(const YAML::Node& node, const Source& source, const std::string& key,
                       const YamlMap::Resolve& resolve) {
  const std::string text = to_text(node, source, key);
  const fs::path named =
      resolve ? resolve(text, fmt::format("{}: {}", place_of(source, node), key)) : fs::path(text);
  const fs::path path = fs::absolute(source.file.parent_path() / named).lexically_normal();
  std::error_code ignored;
  std::string problem;
  if (::access(path.c_str(), R_OK) != 0) {
    problem = fmt::format("cannot open: {}", std::strerror(errno));
  } else if (fs::is_directory(path, ignored)) {
    problem = "expected a file, found a folder";
  }
  if (!problem.empty()) {
    throw InputError("{}: {}: {}: {}", place_of(source, node), key, path.string(), problem);
  }
  note_input(path);  // even if nobody opens it: no output may replace it
  return path;
}

}  // namespace

fs::path YamlMap::input_file(const std::string& key, const Resolve& resolve) {
  return to_input_file(find(key, true), *state_->source, state_->prefix + key, resolve);
}

std::vector<fs::path> YamlMap::input_files(const std::string& key, const Resolve& resolve) {
  const std::string name = state_->prefix + key;
  std::vector<fs::path> result;
  for (const YAML::Node& item : items(find(key, true), *state_->source, name, true)) {
    result.push_back(to_input_file(item, *state_->source, item_name(name, result.size()), resolve));
  }
  return result;
}

std::vector<std::string> YamlMap::texts(const std::string& key, bool required) {
  const std::string name = state_->prefix + key;
  std::vector<std::string> result;
  for (const YAML::Node& item : items(find(key, required), *state_->source, name, required)) {
    result.push_back(to_text(item, *state_->source, item_name(name, result.size())));
  }
  return result;
}

std::vector<double> YamlMap::numbers(const std::string& key, double low, double high,
                                     bool required) {
  const std::string name = state_->prefix + key;
  std::vector<double> result;
  for (const YAML::Node& item : items(find(key, required), *state_->source, name, required)) {
    result.push_back(to_number(item, *state_->source, item_name(name, result.size()), low, high));
  }
  return result;
}

std::vector<std::int64_t> YamlMap::integers(const std::string& key, std::int64_t low,
                                            std::int64_t high, bool required) {
  const std::string name = state_->prefix + key;
  std::vector<std::int64_t> result;
  for (const YAML::Node& item : items(find(key, required), *state_->source, name, required)) {
    result.push_back(to_integer(item, *state_->source, item_name(name, result.size()), low, high));
  }
  return result;
}

std::vector<fs::path> YamlMap::paths(const std::string& key, bool required) {
  std::vector<fs::path> result;
  for (const std::string& text : texts(key, required)) {
    result.push_back(fs::absolute(state_->source->file.parent_path() / text).lexically_normal());
  }
  return result;
}

std::vector<YamlMap> YamlMap::maps(const std::string& key, bool required) {
  const std::string name = state_->prefix + key;
  std::vector<YamlMap> result;
  for (const YAML::Node& item : items(find(key, required), *state_->source, name, required)) {
    const std::string item_key = item_name(name, result.size());
    if (!item.IsMap()) fail_at(*state_->source, item, item_key, "a map");
    auto state = std::make_shared<State>();
    state->node = item;
    state->source = state_->source;
    state->prefix = item_key + ".";
    result.push_back(YamlMap(state));
  }
  return result;
}

YamlMap YamlMap::map(const std::string& key) {
  const YAML::Node node = find(key, true);
  if (!node.IsMap()) fail_at(*state_->source, node, state_->prefix + key, "a map");
  auto state = std::make_shared<State>();
  state->node = node;
  state->source = state_->source;
  state->prefix = state_->prefix + key + ".";
  return YamlMap(state);
}

std::optional<YamlMap> YamlMap::optional_map(const std::string& key) {
  if (!find(key, false).IsDefined()) return std::nullopt;
  return map(key);
}

void YamlMap::fill_in(const std::map<std::string, std::string>& values) {
  state_->asked.clear();
  for (const auto& entry : state_->node) {
    if (!entry.second.IsScalar()) continue;
    const std::string& key = entry.first.Scalar();
    if (entry.second.Scalar().find('$') != std::string::npos) {
      state_->templates.emplace(key, entry.second.Scalar());
    }
    const auto found = state_->templates.find(key);
    if (found == state_->templates.end()) continue;
    const std::string& text = found->second;
    std::string filled;
    for (std::size_t i = 0; i < text.size();) {
      if (text[i] != '$') {
        filled += text[i++];
        continue;
      }
      std::size_t end = i + 1;
      while (end < text.size() &&
             (std::isalnum(static_cast<unsigned char>(text[end])) != 0 || text[end] == '_')) {
        ++end;
      }
      const std::string name = text.substr(i + 1, end - i - 1);
      const auto value = values.find(name);
      if (value == values.end()) {
        std::vector<std::string> known;
        for (const auto& [known_name, unused] : values) known.push_back(known_name);
        throw InputError("{}: {}{}: no parameter is called \"{}\"; known: {}",
                         place_of(*state_->source, entry.second), state_->prefix, key, name,
                         joined(known));
      }
      filled += value->second;
      i = end;
    }
    YAML::Node node = entry.second;
    node = filled;  // assigned in place: the node keeps its mark
  }
}

std::vector<std::string> YamlMap::keys() const {
  std::vector<std::string> names;
  for (const auto& entry : state_->node) names.push_back(entry.first.Scalar());
  return names;
}

void YamlMap::expect(const std::vector<std::string>& known) {
  state_->known.insert(known.begin(), known.end());
  refuse_other_than(state_->known);
}

void YamlMap::finish() const { refuse_other_than(state_->asked); }

void YamlMap::refuse_other_than(const std::set<std::string>& names) const {
  std::set<std::string> all = state_->known.empty() ? state_->asked : state_->known;
  all.insert(state_->mentioned.begin(), state_->mentioned.end());
  for (const auto& entry : state_->node) {
    const std::string& key = entry.first.Scalar();
    if (names.count(key) != 0) continue;
    const std::string place = place_of_key(*state_->source, entry.first, entry.second);
    if (all.count(key) != 0) {
      throw InputError("{}: {}{}: has no effect with the other keys here; those that have: {}",
                       place, state_->prefix, key, fmt::join(names, ", "));
    }
    const std::string near = did_you_mean(key, {all.begin(), all.end()});
    throw InputError("{}: unknown key {}; {}", place, in_quotes(state_->prefix + key),
                     near.empty() ? fmt::format("known keys: {}", fmt::join(all, ", ")) : near);
  }
}

std::string YamlMap::where(const std::string& key) const {
  YAML::Node node = state_->node;
  for (const auto& entry : state_->node) {
    if (entry.first.Scalar() == key) node.reset(entry.second);
  }
  return fmt::format("{}: {}{}", place_of(*state_->source, node), state_->prefix, key);
}

void YamlMap::fail(const std::string& key, const std::string& message) const {
  throw InputError("{}: {}", where(key), message);
}

const fs::path& YamlMap::file() const { return state_->source->file; }

std::vector<std::string> YamlMap::assignments(const std::string& key, bool required) {
  std::vector<std::string> result;
  const YAML::Node node = find(key, required);
  if (!node.IsDefined()) return result;
  if (!node.IsMap()) fail_at(*state_->source, node, state_->prefix + key, "a map");
  for (const auto& entry : node) {
    result.push_back(entry.first.Scalar() + "=" + flow_text(entry.second));
  }
  return result;
}

std::string YamlMap::canonical() const { return flow_text(state_->node); }

std::string YamlMap::dump() const { return YAML::Dump(state_->node); }

}  // namespace brownout
