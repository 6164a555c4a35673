// SPDX-License-Identifier: Apache-2.0
// nlohmann's parser, watched while it reads; typed fields with their places.
#include "sim/base/json.hpp"

#include <algorithm>
#include <set>
#include <utility>

#include "sim/base/error.hpp"
#include "sim/base/files.hpp"
#include "sim/base/text.hpp"

namespace brownout {

namespace {

constexpr std::size_t kMostShown = 60;

/// "line:column" of a byte.
std::string position(std::string_view text, std::size_t byte) {
  const std::string_view before = text.substr(0, std::min(byte, text.size()));
  const auto lines = std::count(before.begin(), before.end(), '\n');
  const std::size_t start = before.rfind('\n') == before.npos ? 0 : before.rfind('\n') + 1;
  return fmt::format("{}:{}", lines + 1, before.size() - start + 1);
}

bool is_integer_in(const Json& value, std::int64_t low, std::int64_t high) {
  if (!value.is_number_integer()) return false;
  // A number that does not fit 64 signed bits is above every `high`.
  if (value.is_number_unsigned() && value.get<std::uint64_t>() > INT64_MAX) return false;
  return value.get<std::int64_t>() >= low && value.get<std::int64_t>() <= high;
}

bool is_number_in(const Json& value, double low, double high) {
  return value.is_number() && value.get<double>() >= low && value.get<double>() <= high;
}

std::string integer_range(std::int64_t low, std::int64_t high) {
  return fmt::format("an integer in [{}, {}]", low, high);
}

std::string number_range(double low, double high) {
  return fmt::format("a number in [{}, {}]", low, high);
}

}  // namespace

Json parse_json(std::string_view text, const std::string& where) {
  std::vector<std::set<std::string>> open;  // keys so far of the objects around the parser
  const auto watch = [&](int depth, Json::parse_event_t event, Json& value) {
    using Event = Json::parse_event_t;
    if ((event == Event::object_start || event == Event::array_start) && depth >= kMostJsonDepth) {
      throw InputError("{}: nested deeper than {} levels", where, kMostJsonDepth);
    }
    if (event == Event::object_start) open.emplace_back();
    if (event == Event::object_end) open.pop_back();
    if (event == Event::key && !open.back().insert(value.get<std::string>()).second) {
      throw InputError("{}: key {} is there twice in one object", where,
                       in_quotes(value.get<std::string>()));
    }
    return true;
  };
  try {
    return Json::parse(text.begin(), text.end(), watch);
  } catch (const Json::parse_error& error) {
    const std::size_t byte = error.byte == 0 ? 0 : error.byte - 1;
    const std::string found =
        byte < text.size() ? "found " + in_quotes(text.substr(byte, 1)) : "it ends early";
    throw InputError("{}:{}: not valid JSON: {}", where, position(text, byte), found);
  } catch (const Json::exception&) {  // a number beyond what a double holds
    throw InputError("{}: not valid JSON: a number is too large", where);
  }
}

Json read_json(const std::filesystem::path& file, std::uint64_t most_bytes) {
  return parse_json(read_file(file, most_bytes), file.string());
}

std::string json_text(const Json& json, int indent) {
  return json.dump(indent, ' ', false, Json::error_handler_t::replace);
}

std::string json_shown(const Json& json) { return shortened(json_text(json), kMostShown); }

std::string first_difference(const Json& first, const Json& second, const std::string& of_first,
                             const std::string& of_second) {
  const Json flat_first = first.flatten();
  const Json flat_second = second.flatten();
  const auto describe = [&](const std::string& path, const std::string& a, const std::string& b) {
    std::string name = path.empty() ? path : path.substr(1);
    for (char& c : name) c = c == '/' ? '.' : c;
    return fmt::format("{} {} is {}, {} {}", shortened(name, 100), of_first, a, of_second, b);
  };
  for (const auto& [path, value] : flat_second.items()) {
    if (!flat_first.contains(path)) return describe(path, "absent", json_shown(value));
    if (flat_first[path] != value) {
      return describe(path, json_shown(flat_first[path]), json_shown(value));
    }
  }
  for (const auto& [path, value] : flat_first.items()) {
    if (!flat_second.contains(path)) return describe(path, json_shown(value), "absent");
  }
  return "";
}

JsonObject::JsonObject(const Json& json, std::string where, std::string writer)
    : json_(json), where_(std::move(where)), writer_(std::move(writer)) {
  if (!json_.is_object()) {
    throw InputError("{}: expected a JSON object as {} writes it, got {}", where_, writer_,
                     json_shown(json_));
  }
}

JsonObject::JsonObject(const Json& json, const JsonObject& parent, const std::string& path)
    : json_(json), where_(parent.where_), writer_(parent.writer_), path_(path + ".") {
  if (!json_.is_object()) fail_at(path, "an object", json_);
}

const Json& JsonObject::at(const char* key) const {
  const auto found = json_.find(key);
  if (found != json_.end()) return *found;
  throw InputError("{}: {}{}: missing; expected the JSON of {}", where_, path_, key, writer_);
}

std::string JsonObject::text(const char* key) const {
  if (!at(key).is_string()) fail(key, "a text");
  return at(key).get<std::string>();
}

bool JsonObject::boolean(const char* key) const {
  if (!at(key).is_boolean()) fail(key, "true or false");
  return at(key).get<bool>();
}

double JsonObject::number(const char* key, double low, double high) const {
  if (!is_number_in(at(key), low, high)) fail(key, number_range(low, high));
  return at(key).get<double>();
}

std::int64_t JsonObject::integer(const char* key, std::int64_t low, std::int64_t high) const {
  if (!is_integer_in(at(key), low, high)) fail(key, integer_range(low, high));
  return at(key).get<std::int64_t>();
}

const Json& JsonObject::list(const char* key) const {
  if (!at(key).is_array()) fail(key, "a list");
  return at(key);
}

std::vector<double> JsonObject::numbers(const char* key, double low, double high) const {
  std::vector<double> values;
  for (const Json& value : list(key)) {
    if (!is_number_in(value, low, high)) {
      fail_at(fmt::format("{}{}[{}]", path_, key, values.size()), number_range(low, high), value);
    }
    values.push_back(value.get<double>());
  }
  return values;
}

std::vector<std::string> JsonObject::texts(const char* key) const {
  std::vector<std::string> values;
  for (const Json& value : list(key)) {
    if (!value.is_string()) {
      fail_at(fmt::format("{}{}[{}]", path_, key, values.size()), "a text", value);
    }
    values.push_back(value.get<std::string>());
  }
  return values;
}

std::optional<double> JsonObject::number_if_given(const char* key, double low, double high) const {
  if (!given(key)) return std::nullopt;
  return number(key, low, high);
}

std::optional<std::array<double, 2>> JsonObject::pair_if_given(const char* key, double low,
                                                               double high) const {
  if (!given(key)) return std::nullopt;
  const std::vector<double> ends = numbers(key, low, high);
  if (ends.size() != 2) fail(key, "two numbers");
  return std::array<double, 2>{ends[0], ends[1]};
}

std::string JsonObject::text_if_given(const char* key) const { return given(key) ? text(key) : ""; }

std::vector<std::int64_t> JsonObject::integers(const char* key, std::int64_t low,
                                               std::int64_t high) const {
  std::vector<std::int64_t> values;
  for (const Json& value : list(key)) {
    if (!is_integer_in(value, low, high)) {
      fail_at(fmt::format("{}{}[{}]", path_, key, values.size()), integer_range(low, high), value);
    }
    values.push_back(value.get<std::int64_t>());
  }
  return values;
}

JsonObject JsonObject::object(const char* key) const { return {at(key), *this, path_ + key}; }

std::vector<JsonObject> JsonObject::objects(const char* key) const {
  std::vector<JsonObject> result;
  for (const Json& value : list(key)) {
    result.push_back(JsonObject(value, *this, fmt::format("{}{}[{}]", path_, key, result.size())));
  }
  return result;
}

void JsonObject::fail(const char* key, const std::string& expected) const {
  fail_at(path_ + key, expected, at(key));
}

void JsonObject::fail_at(const std::string& path, const std::string& expected,
                         const Json& found) const {
  throw InputError("{}: {}: expected {}, got {}", where_, path, expected, json_shown(found));
}

}  // namespace brownout
