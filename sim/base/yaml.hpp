// SPDX-License-Identifier: Apache-2.0
// Strict YAML. A map is read once. Unknown and duplicate keys, wrong types, values out of range and
// numbers that are not finite are errors that name file, line, column, key, found and expected.
#pragma once
#include <cstdint>
#include <filesystem>
#include <functional>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "sim/base/text.hpp"

namespace YAML {
class Node;
}

namespace brownout {

/// One YAML map of a file. Read every key that you know, then call `finish()`. Keys with a fallback
/// are optional; a key that is present with a wrong value is always an error.
///
///   YamlMap root = YamlMap::load("edge.yaml");
///   YamlMap array = root.map("array");
///   config.rows = array.integer("rows", 1, 1024);
///   array.finish();
///   root.finish();
class YamlMap {
 public:
  /// `assignments` ("schedule.epochs=3", values are YAML, in the order given) replace values of the
  /// file, or are added to them, before anything is read; null removes a key. Messages about them
  /// name the file, the field "set" and the assignment.
  static YamlMap load(const std::filesystem::path& file,
                      const std::vector<std::string>& assignments = {});
  /// `name` stands for the file in messages; relative paths start at its folder.
  static YamlMap parse(const std::string& text, const std::filesystem::path& name,
                       const std::vector<std::string>& assignments = {});

  bool has(const std::string& key) const;
  /// For keys that take one value or a list.
  bool is_list(const std::string& key) const;
  /// Whether the value of a key that is there is a map, for keys that also take a text.
  bool holds_map(const std::string& key) const;

  std::string text(const std::string& key, std::optional<std::string> fallback = {});
  /// A required text that results and messages show: UTF-8 on one line, no control characters.
  std::string name(const std::string& key);
  bool boolean(const std::string& key, std::optional<bool> fallback = {});
  /// Plain decimal only ("010", "0x10" and "1e3" are errors).
  std::int64_t integer(const std::string& key, std::int64_t low, std::int64_t high,
                       std::optional<std::int64_t> fallback = {});
  /// Finite, in [low, high]; a leading "+" is allowed.
  double number(const std::string& key, double low, double high,
                std::optional<double> fallback = {});
  /// One of `names`; returns its index.
  int choice(const std::string& key, const std::vector<std::string>& names,
             std::optional<int> fallback = {});
  /// A path, made absolute relative to the folder of this file. The caller checks that it exists.
  std::filesystem::path path(const std::string& key,
                             std::optional<std::filesystem::path> fallback = {});

  /// The same for a file that must exist and be readable; otherwise an InputError with the place of
  /// the key. No output may replace it from then on. `input_files` is a required list of them.
  /// `resolve`, if there is one, makes a path of the text, for which it is told the place.
  using Resolve =
      std::function<std::filesystem::path(const std::string& text, const std::string& where)>;
  std::filesystem::path input_file(const std::string& key, const Resolve& resolve = {});
  std::vector<std::filesystem::path> input_files(const std::string& key,
                                                 const Resolve& resolve = {});

  /// Lists. An absent optional list is empty; a required list must not be empty.
  std::vector<std::string> texts(const std::string& key, bool required = true);
  std::vector<double> numbers(const std::string& key, double low, double high,
                              bool required = true);
  std::vector<std::int64_t> integers(const std::string& key, std::int64_t low, std::int64_t high,
                                     bool required = true);
  std::vector<std::filesystem::path> paths(const std::string& key, bool required = true);
  std::vector<YamlMap> maps(const std::string& key, bool required = true);

  YamlMap map(const std::string& key);
  std::optional<YamlMap> optional_map(const std::string& key);

  /// Replaces `$name` in this map's texts by `values`, each time starting from the texts of the
  /// file. All keys count as unread again. InputError names a `$name` without a value.
  void fill_in(const std::map<std::string, std::string>& values);

  /// A map of values for other documents, as the assignments that `load` takes; null is allowed.
  std::vector<std::string> assignments(const std::string& key, bool required = true);

  /// All keys of the map, in file order (for maps whose keys are names).
  std::vector<std::string> keys() const;

  /// Names all keys that the map may have, before any is read. A key that is not among them is then
  /// the reported error, whatever else is wrong. To read a key that was not named is a mistake of
  /// ours.
  void expect(const std::vector<std::string>& known);

  /// To be called after reading. Keys that were not asked for are errors, with the nearest key that
  /// was.
  void finish() const;

  /// Throws InputError "file:line:column: path.to.key: message".
  [[noreturn]] void fail(const std::string& key, const std::string& message) const;

  /// "file:line:column: path.to.key" for messages that are written later.
  std::string where(const std::string& key) const;

  const std::filesystem::path& file() const;
  /// The map as YAML text (comments lost): stored with results.
  std::string dump() const;
  /// The same text for comparisons: keys sorted, on one line, however they were written.
  std::string canonical() const;

  struct Source;  // the file and the assignments, for messages

 private:
  struct State;
  explicit YamlMap(std::shared_ptr<State> state);
  YAML::Node find(const std::string& key, bool required);
  void refuse_other_than(const std::set<std::string>& names) const;
  std::shared_ptr<State> state_;
};

}  // namespace brownout
