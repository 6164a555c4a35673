// SPDX-License-Identifier: Apache-2.0
// JSON from files: limits on size and depth, and fields whose place is in every message. No other
// code of ours parses JSON that somebody else may have written.
#pragma once
#include <array>
#include <cstdint>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace brownout {

using Json = nlohmann::ordered_json;

/// Lists and objects within each other; no file of ours is deeper.
inline constexpr int kMostJsonDepth = 64;
inline constexpr std::uint64_t kMostJsonBytes = 256 << 20;

/// InputError, beginning with `where`, for text that is not JSON (line, column and what was found
/// there), is nested deeper than kMostJsonDepth, or has a key twice in one object.
Json parse_json(std::string_view text, const std::string& where);

/// The same of a file of at most `most_bytes`.
Json read_json(const std::filesystem::path& file, std::uint64_t most_bytes = kMostJsonBytes);

/// JSON text. Names of files need not be UTF-8, but JSON must be: other bytes become U+FFFD.
std::string json_text(const Json& json, int indent = -1);

/// A value as messages show it, at most about a hundred bytes.
std::string json_shown(const Json& json);

/// The first place in which two objects differ, "models.0.name there is 1000, here 500" with the
/// names of both; "" when they are equal.
std::string first_difference(const Json& first, const Json& second, const std::string& of_first,
                             const std::string& of_second);

/// One object, read field by field. A field that is missing, of another kind or out of range is an
/// InputError: "results.jsonl:7: layers[2].cycles: expected an integer in [0, 9], got -1".
class JsonObject {
 public:
  /// `json` must outlive it. `where` comes first in messages (file, line); `writer` says what
  /// writes such files ("`brownout run`").
  JsonObject(const Json& json, std::string where, std::string writer);

  bool has(const char* key) const { return json_.contains(key); }
  /// Whether the field is there and not null.
  bool given(const char* key) const { return has(key) && !at(key).is_null(); }
  /// The field as it is, whatever its kind.
  const Json& at(const char* key) const;
  std::string text(const char* key) const;
  bool boolean(const char* key) const;
  double number(const char* key, double low, double high) const;
  std::int64_t integer(const char* key, std::int64_t low, std::int64_t high) const;
  std::vector<double> numbers(const char* key, double low, double high) const;
  std::vector<std::int64_t> integers(const char* key, std::int64_t low, std::int64_t high) const;
  std::vector<std::string> texts(const char* key) const;
  /// None, or "", if the field is not given.
  std::optional<double> number_if_given(const char* key, double low, double high) const;
  std::optional<std::array<double, 2>> pair_if_given(const char* key, double low,
                                                     double high) const;
  std::string text_if_given(const char* key) const;
  JsonObject object(const char* key) const;
  /// A list of objects.
  std::vector<JsonObject> objects(const char* key) const;

  [[noreturn]] void fail(const char* key, const std::string& expected) const;
  const Json& json() const { return json_; }

 private:
  JsonObject(const Json& json, const JsonObject& parent, const std::string& path);
  const Json& list(const char* key) const;
  [[noreturn]] void fail_at(const std::string& path, const std::string& expected,
                            const Json& found) const;

  const Json& json_;
  std::string where_, writer_;
  std::string path_;  // "layers[2]." for the fields of that object
};

}  // namespace brownout
